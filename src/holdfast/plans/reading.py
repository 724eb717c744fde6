"""From YAML to dataclasses, as their annotations say."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import re
import shlex
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from holdfast.model.seconds import Seconds
from holdfast.plans.yaml_text import Keys, YamlText

OTHER_KEYS = {"to": "go_back_to", "activeForm": "active_form"}
"""Fields whose key in a file has another name; their own name is taken too."""
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SCALARS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_OF_A_SHELL = frozenset(";|&<>$*`")
_QUOTE = "YAML reads yes, no, on and off as true and false; write a text in quotes."


def key_of(field: str) -> str:
    """A field's key in a file.

    >>> key_of("timeout_seconds"), key_of("title")
    ('timeout', 'title')
    """
    return OTHER_KEYS.get(field, field.removesuffix("_seconds"))


def nearest(word: str, known: Iterable[str]) -> str:
    """Which known word was meant, or what is known."""
    named = list(known)
    near = difflib.get_close_matches(word, named, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(named) or 'none'}."


def plain(kind: Any) -> Any:
    """An annotation without what is said beside it."""
    is_told = typing.get_origin(kind) is Annotated and kind != Seconds
    return typing.get_args(kind)[0] if is_told else kind


class Reader:
    """Reads the values of one text; what is not as it should be is a `PlanError`."""

    def __init__(self, text: YamlText) -> None:
        self._text = text

    def read(self, kind: Any, value: Any, keys: Keys = ()) -> Any:
        """A value as its annotation wants it."""
        kind = plain(kind)
        if dataclasses.is_dataclass(kind):
            return self._read_fields(kind, value, keys)
        arguments = typing.get_args(kind)
        match typing.get_origin(kind):
            case types.UnionType | typing.Union:
                return None if value is None else self.read(fitting(arguments, value), value, keys)
            case origin if origin is Literal:
                return self._read_choice(arguments, value, keys)
            case origin if origin is Sequence:
                return self._read_list(arguments[0], value, keys)
            case origin if origin is Mapping:
                return self._read_mapping(arguments[1], value, keys)
        if kind is Any:
            return value
        return (
            self._read_length(value, keys) if kind == Seconds else self._scalar(kind, value, keys)
        )

    def _read_list(self, kind: Any, value: Any, keys: Keys) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise self._text.wrong(keys, value, "is not a list.", hint=_as_list(value))
        return tuple(self.read(kind, item, (*keys, i)) for i, item in enumerate(value))

    def _read_mapping(self, kind: Any, value: Any, keys: Keys) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise self._text.wrong(keys, value, "is not a mapping.", hint=_hint(value))
        return {
            str(key): self.read(kind, _named(kind, str(key), item), (*keys, str(key)))
            for key, item in value.items()
        }

    def _read_choice(self, choices: tuple[Any, ...], value: Any, keys: Keys) -> Any:
        if value not in choices:
            told = f"is none of {', '.join(choices)}."
            hint = _hint(value) or nearest(str(value), choices)
            raise self._text.wrong(keys, value, told, hint=hint)
        return value

    def _scalar(self, kind: Any, value: Any, keys: Keys) -> Any:
        """A text, a number, or a truth; YAML reads `1` as a number where a text is meant, which is forgiven."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind in (str, float) and is_number:
            return kind(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            hint = _hint(value) if kind is str else None
            raise self._text.wrong(keys, value, f"is not {_SCALARS[kind]}.", hint=hint)
        return value

    def _read_length(self, value: Any, keys: Keys) -> float:
        found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
        seconds = float(found[1]) * _UNITS[found[2]] if found else value
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not math.isfinite(seconds) or seconds <= 0:
            raise self._text.wrong(
                keys, value, "is no length of time.", hint="Write it as 90s, 10m or 2h."
            )
        return float(seconds)

    def _read_fields(self, kind: Any, value: Any, keys: Keys) -> Any:
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = {key_of(name): name for name in hints}
        if not isinstance(value, Mapping):
            hint = f"Its keys are: {', '.join(fields)}."
            raise self._text.wrong(keys, value, "is not a mapping.", hint=hint)
        parsed: dict[str, Any] = {}
        for key, item in value.items():
            name = key if key in hints else fields.get(key)
            if name is None:
                told = f"{key} is not a key here."
                raise self._text.error(keys, told, hint=nearest(str(key), fields), key=str(key))
            parsed[name] = self.read(hints[name], item, (*keys, str(key)))
        for field in dataclasses.fields(kind):
            is_required = field.default is field.default_factory is dataclasses.MISSING
            if is_required and field.name not in parsed:
                hint = f"Known keys: {', '.join(fields)}."
                raise self._text.error(keys, f"{key_of(field.name)} is missing.", hint=hint)
        return kind(**parsed)


def fitting(kinds: Sequence[Any], value: Any) -> Any:
    """The one of several annotations that a value has the shape of; else the last."""
    named = [kind for kind in kinds if kind is not type(None)]
    for kind in named:
        if _shape(plain(kind)) is _shape_of(value):
            return kind
    return named[-1]


def _shape(kind: Any) -> type:
    if dataclasses.is_dataclass(kind) or typing.get_origin(kind) is Mapping:
        return dict
    return list if typing.get_origin(kind) is Sequence else str


def _shape_of(value: Any) -> type:
    if isinstance(value, Mapping):
        return dict
    return list if isinstance(value, list | tuple) else str


def _named(kind: Any, key: str, item: Any) -> Any:
    """A mapping that is named by its key need not say its name."""
    has_name = dataclasses.is_dataclass(kind) and hasattr(kind, "__annotations__")
    if has_name and "name" in kind.__annotations__ and isinstance(item, Mapping):
        return {"name": key, **item}
    return item


def _hint(value: Any) -> str | None:
    return _QUOTE if isinstance(value, bool) else None


def _as_list(value: Any) -> str | None:
    """How a text may be written as the list that it was meant to be.

    >>> _as_list("make test")
    'Write it as a list: ["make", "test"]'
    >>> _as_list("make test > log")
    'Write it as a list: ["sh", "-c", "make test > log"]'
    """
    if not isinstance(value, str):
        return None
    try:
        words = ["sh", "-c", value] if _OF_A_SHELL & set(value) else shlex.split(value)
    except ValueError:  # a quote without its other one
        words = [value]
    return f"Write it as a list: {json.dumps(words, ensure_ascii=False)}"
