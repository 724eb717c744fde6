"""Reading a tree of directives from a YAML file; errors name file, line, key and the nearest known key."""

from __future__ import annotations

import dataclasses
import difflib
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from holdfast.errors import InvalidValue
from holdfast.model.directives import DEFAULT_PRIORITY, NewDirective

MOST_DIRECTIVES = 1000
_KEYS = ("key", "title", "description", "priority", "verify", "needs", "children")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")  # as the database has it


def load_directives(file: Path) -> tuple[NewDirective, ...]:
    """Read one tree, or a list of them; each directive stands before its children.

    Raises:
        InvalidValue: it cannot be read, or says something that is no tree of directives.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(
            f"{file} cannot be read: {error}", hint="Name an existing YAML file."
        ) from error
    return parse_directives(text, str(file))


def parse_directives(text: str, source: str = "the text") -> tuple[NewDirective, ...]:
    """The same from a text.

    >>> [one.key for one in parse_directives("{key: SD-1, children: [{key: SD-2}]}")]
    ['SD-1', 'SD-2']
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        reading = _Reading(source)
        for node in _items(root):
            reading.read(node, parent=None)
        reading.require_no_circle()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source} line {mark.line + 1}" if mark else source
        raise InvalidValue(
            f"{place}: this is not YAML: {getattr(error, 'problem', None) or error}."
        ) from error
    except RecursionError:
        raise InvalidValue(f"{source}: the tree is nested too deeply.") from None
    if not reading.found:
        raise InvalidValue(f"{source}: there is no directive.", hint="Begin with: key: SD-1")
    return tuple(one.directive for one in reading.found.values())


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Found:
    directive: NewDirective
    line: int


class _Reading:
    """What was read of a file so far."""

    def __init__(self, source: str) -> None:
        self.found: dict[str, _Found] = {}
        self._source = source

    def read(self, node: yaml.Node, parent: str | None) -> None:
        """One directive and all below it."""
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, f"{_text(node)} is not a mapping", "Begin with: key: SD-1")
        fields = self._fields(node)
        if "key" not in fields:
            raise self._wrong(node, "key is missing", f"Known keys: {', '.join(_KEYS)}.")
        key = self._scalar(fields, "key", "")
        if not _KEY.fullmatch(key):
            raise self._wrong(
                fields["key"],
                f"key = {key!r:.100} is no key",
                "Begin with a letter or digit; then letters, digits and ._:/-, at most 128.",
            )
        if key in self.found:  # also what stops a file that refers to itself
            raise self._wrong(
                node,
                f"key {key} stands already in line {self.found[key].line}",
                "Give each its own.",
            )
        if len(self.found) == MOST_DIRECTIVES:
            raise self._wrong(node, f"there are more than {MOST_DIRECTIVES} directives", "Import it in parts.")  # fmt: skip
        self.found[key] = _Found(
            line=node.start_mark.line + 1,
            directive=NewDirective(
                key=key,
                title=self._scalar(fields, "title", key),
                description=self._scalar(fields, "description", None),
                priority=self._priority(fields),
                verify=self._scalar(fields, "verify", None),
                needs=tuple(self._value(item, "needs") for item in self._list(fields, "needs")),
                parent=parent,
            ),
        )
        for child in self._list(fields, "children"):
            self.read(child, key)

    def require_no_circle(self) -> None:
        """Refuse directives that wait for each other: none of them could ever be claimed."""
        waits = {key: list(self._waits_for(one.directive)) for key, one in self.found.items()}
        try:
            graphlib.TopologicalSorter(waits).prepare()
        except graphlib.CycleError as error:
            circle: list[str] = error.args[1][::-1]
            raise InvalidValue(
                f"{self._source} line {self.found[circle[0]].line}: these wait for each other: {' → '.join(circle)}.",
                hint="Take one of these needs out.",
            ) from None

    def _waits_for(self, directive: NewDirective) -> Iterator[str]:
        """A directive is done after its needs, and after its children."""
        yield from directive.needs
        yield from (
            one.directive.key
            for one in self.found.values()
            if one.directive.parent == directive.key
        )

    def _fields(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        fields: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = _text(name_node)
            if name not in _KEYS:
                near = difflib.get_close_matches(name, _KEYS, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(_KEYS)}."
                raise self._wrong(name_node, f"{name} is not a key here", hint)
            if name in fields:
                raise self._wrong(name_node, f"{name} stands twice", "Give it once.")
            fields[name] = value
        return fields

    def _scalar(self, fields: dict[str, yaml.Node], name: str, default: Any) -> Any:
        return self._value(fields[name], name) if name in fields else default

    def _value(self, node: yaml.Node, name: str) -> str:
        """A text; what YAML reads as a number or a date is meant as it stands."""
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
            raise self._wrong(node, f"{name} = {_text(node)} is not a text", None)
        return str(node.value)

    def _priority(self, fields: dict[str, yaml.Node]) -> int:
        if "priority" not in fields:
            return DEFAULT_PRIORITY
        text = self._value(fields["priority"], "priority")
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or abs(value) >= 2**31:
            raise self._wrong(
                fields["priority"], f"priority = {text:.40} is not a whole number", "Lower comes first."
            )  # fmt: skip
        return value

    def _list(self, fields: dict[str, yaml.Node], name: str) -> list[yaml.Node]:
        node = fields.get(name)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._wrong(node, f"{name} = {_text(node)} is not a list", None)
        return list(node.value)

    def _wrong(self, node: yaml.Node, what: str, hint: str | None) -> InvalidValue:
        return InvalidValue(f"{self._source} line {node.start_mark.line + 1}: {what}.", hint=hint)


def _items(root: yaml.Node | None) -> list[yaml.Node]:
    if root is None:
        return []
    return list(root.value) if isinstance(root, yaml.SequenceNode) else [root]


def _text(node: yaml.Node) -> str:
    match node:
        case yaml.ScalarNode():
            return f"{node.value:.60}" or "nothing"
        case yaml.SequenceNode():
            return "a list"
    return "a mapping"
