"""Values of settings, read in the type that the setting's annotation names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

_BOOLEANS = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "off"), False
)


def parse_value(kind: str, value: Any) -> Any:
    """A value in the type that an annotation names.

    Raises:
        KeyError, ValueError: it is not of that type.

    >>> parse_value("tuple[str, ...]", "Bash(git push*), WebFetch")
    ('Bash(git push*)', 'WebFetch')
    >>> parse_value("bool", "yes"), parse_value("float", 5), parse_value("Literal['a', 'b']", "b")
    (True, 5.0, 'b')
    """
    if choices(kind):
        return _choice(kind, value)
    return _PARSERS[kind](value)


def choices(kind: str) -> tuple[str, ...]:
    """The values that an annotation allows, where it names them.

    >>> choices("Literal['open', 'closed']"), choices("str")
    (('open', 'closed'), ())
    """
    if not kind.startswith("Literal["):
        return ()
    return tuple(ast.literal_eval(f"({kind.removeprefix('Literal[').removesuffix(']')},)"))


def told_kind(kind: str) -> str:
    """The type, for people.

    >>> told_kind("int"), told_kind("Literal['open', 'closed']")
    ('a int', 'open or closed')
    """
    if choices(kind):
        return " or ".join(choices(kind))
    return "a list of texts" if kind.startswith("tuple") else f"a {kind}"


def _choice(kind: str, value: Any) -> str:
    if value not in choices(kind):
        raise ValueError
    return str(value)


def _number(of: type[int] | type[float]) -> Callable[[Any], int | float]:
    def parse(value: Any) -> int | float:
        allowed = (int, str) if of is int else (int, float, str)
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise ValueError
        return of(value)

    return parse


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else _BOOLEANS[_text(value).lower()]


def _path(value: Any) -> Path:
    return (value if isinstance(value, Path) else Path(_text(value))).expanduser()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list | tuple):
        raise ValueError
    return tuple(_text(part) for part in value)


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "int": _number(int),
    "float": _number(float),
    "bool": _boolean,
    "Path": _path,
    "str": _text,
    "tuple[str, ...]": _texts,
}
