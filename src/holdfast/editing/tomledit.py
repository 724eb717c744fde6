"""One table of a TOML text, put in and taken out; the rest stays as it is, comments included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from holdfast.editing.jsontext import NotJson


def find(text: str, path: tuple[str, ...]) -> Any:
    r"""The value at a path as Python has it, or nothing.

    >>> find("[a.b]\nc = 1", ("a", "b"))
    {'c': 1}
    """
    value: Any = parse(text).unwrap()
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def put(text: str, path: tuple[str, ...], value: Mapping[str, Any]) -> str:
    """Set the table at a path."""
    text = remove(text, path)
    gap = "\n" if text else ""
    whole = text + gap + _block(path, value)
    try:
        parse(whole)
    except NotJson:  # the outer table is written in a way that no block can be added to
        document = parse(text)
        document[path[0]][path[1]] = value
        return tomlkit.dumps(document)
    return whole


def remove(text: str, path: tuple[str, ...]) -> str:
    """Take the table at a path out; what `put` added goes to the byte."""
    value = find(text, path)
    if value is None:
        return text
    block = _block(path, value)
    for added in (f"\n{block}", block):
        shorter = text.replace(added, "", 1)
        if shorter != text and _is_only_without(text, shorter, path):
            return shorter
    document = parse(text)
    outer: Any = document[path[0]]
    del outer[path[1]]
    if not outer:
        del document[path[0]]
    return tomlkit.dumps(document)


def _is_only_without(text: str, shorter: str, path: tuple[str, ...]) -> bool:
    """Whether one text says what the other says, but for one table."""
    try:
        before, after = parse(text).unwrap(), parse(shorter).unwrap()
    except NotJson:
        return False
    before[path[0]].pop(path[1])
    if not before[path[0]]:
        after.setdefault(path[0], {})
    return bool(before == after)


def _block(path: tuple[str, ...], value: Mapping[str, Any]) -> str:
    table = tomlkit.table()
    table.update(value)
    outer = tomlkit.table(is_super_table=True)
    outer[path[1]] = table
    alone = tomlkit.document()
    alone[path[0]] = outer
    return tomlkit.dumps(alone)


def parse(text: str) -> tomlkit.TOMLDocument:
    """Read a text.

    Raises:
        NotJson: it is not TOML.
    """
    try:
        return tomlkit.parse(text)
    except (ParseError, TOMLKitError) as error:
        raise NotJson(str(error)) from None
