"""A YAML text with the line of everything in it, so that an error can say where it stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from holdfast.errors import PlanError

Keys: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""
# An alias can stand for as many places as a text of any length would.
MOST_PLACES = 300_000
MOST_DEPTH = 60
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclasses.dataclass(frozen=True, kw_only=True)
class YamlText:
    """What a YAML text says, and where."""

    name: str
    value: Any
    lines: Mapping[Keys, int] = dataclasses.field(default_factory=dict)

    def error(
        self, keys: Keys, told: str, *, hint: str | None = None, key: str | None = None
    ) -> PlanError:
        """That something at a place is wrong; with a key: on that key's line."""
        place = self.place(keys)
        where = self._where(keys if key is None else (*keys, key))
        return PlanError(f"{where}: {place}{': ' if place else ''}{told}", hint=hint)

    def wrong(self, keys: Keys, value: Any, told: str, *, hint: str | None = None) -> PlanError:
        """That the value at a place is wrong."""
        shown = f"{self.place(keys)} = {value!r:.100}".removeprefix(" = ")
        return PlanError(f"{self._where(keys)}: {shown} {told}", hint=hint)

    def place(self, keys: Keys) -> str:
        """A place in words: `steps[3] (deploy).gate`."""
        told, value = "", self.value
        for key in keys:
            told += f"[{key}]" if isinstance(key, int) else f".{key}"
            value = _below(value, key)
            if isinstance(key, int) and isinstance(value, Mapping) and value.get("id"):
                told += f" ({value['id']!s:.63})"
        return told.removeprefix(".")

    def _where(self, keys: Keys) -> str:
        known = (self.lines.get(keys[:end]) for end in range(len(keys), -1, -1))
        line = next((one for one in known if one is not None), None)
        return self.name if line is None else f"{self.name} line {line}"


def read_yaml(file: Path) -> YamlText:
    """Read a file.

    Raises:
        PlanError: it cannot be read, or is no YAML.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            f"{file} cannot be read: {error}", hint="Name an existing YAML file."
        ) from error
    return parse_yaml(text, str(file))


def parse_yaml(text: str, name: str) -> YamlText:
    """Read a text.

    Raises:
        PlanError: it is no YAML, or says a key twice.
    """
    try:
        loader = _LOADER(text)
        node = loader.get_single_node()
        lines = dict(_lines(name, node, ())) if node is not None else {}
        value = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise PlanError(f"{name}{line}: this is not YAML: {problem}.") from error
    return YamlText(name=name, value=value, lines=lines)


def _lines(name: str, node: Any, keys: Keys) -> Iterator[tuple[Keys, int]]:
    places = 0
    waiting = [(keys, node, node.start_mark.line + 1)]
    while waiting:
        keys, node, line = waiting.pop()
        places += 1
        if places > MOST_PLACES or len(keys) > MOST_DEPTH:
            raise PlanError(f"{name} line {line}: this is nested too deep.")
        yield keys, line
        if isinstance(node, yaml.MappingNode):
            waiting += _entries(name, node, keys)
        elif isinstance(node, yaml.SequenceNode):
            waiting += [
                ((*keys, i), one, one.start_mark.line + 1) for i, one in enumerate(node.value)
            ]


def _entries(name: str, node: Any, keys: Keys) -> Iterator[tuple[Keys, Any, int]]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        told = str(key.value)
        if told in seen and told != "<<":
            raise PlanError(
                f"{name} line {line}: the key {told} stands here twice, first in line {seen[told]}.",
                hint="Remove one of the two.",
            )
        seen[told] = line
        yield (*keys, told), value, line


def _below(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        return None
