"""JSON as a text whose every value knows where it stands, so that an edit leaves all the rest as it is."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

_TRIVIA = re.compile(r"(?:[ \t\r\n]|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"', re.DOTALL)
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")
_BYTE_ORDER_MARK = "\ufeff"

_Part = TypeVar("_Part")


class NotJson(ValueError):
    """A text is not the JSON that its reader accepts; says where and why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Member:
    """A name and its value in an object."""

    name: str
    start: int
    node: Node

    @property
    def end(self) -> int:
        """Where its value ends."""
        return self.node.end


@dataclasses.dataclass(frozen=True, kw_only=True)
class Node:
    """A value and where it stands."""

    start: int
    end: int
    scalar: Any = None
    members: tuple[Member, ...] | None = None
    items: tuple[Node, ...] | None = None

    @property
    def children(self) -> tuple[Member, ...] | tuple[Node, ...]:
        """What it holds, in order."""
        return self.members or self.items or ()

    def get(self, step: str | int) -> Node | None:
        """The value under a name or at a place."""
        if isinstance(step, int):
            return self.items[step] if self.items and step < len(self.items) else None
        found = [one.node for one in self.members or () if one.name == step]
        return found[0] if found else None

    def plain(self) -> Any:
        """It as Python has it.

        >>> parse('{"a": [1, "b"]}').plain()
        {'a': [1, 'b']}
        """
        if self.members is not None:
            return {one.name: one.node.plain() for one in self.members}
        if self.items is not None:
            return [one.plain() for one in self.items]
        return self.scalar


def parse(text: str, *, comments: bool = False) -> Node:
    """Read a text.

    Args:
        text: the text.
        comments: whether its reader accepts comments.

    Raises:
        NotJson: it is not JSON, or says the same name twice.
    """
    reading = _Reading(text, _TRIVIA if comments else _BLANKS)
    reading.at = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
    try:
        node = reading.value()
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    reading.skip()
    if reading.at < len(text):
        raise reading.wrong("the end was expected")
    return node


def past_trivia(text: str, at: int) -> int:
    """Where the next sign stands that is neither a blank nor part of a comment."""
    found = _TRIVIA.match(text, at)
    assert found is not None
    return found.end()


class _Reading:
    """How far a text was read."""

    def __init__(self, text: str, trivia: re.Pattern[str]) -> None:
        self.at = 0
        self._text = text
        self._trivia = trivia

    def skip(self) -> None:
        """Pass over blanks, and over comments where they are allowed."""
        found = self._trivia.match(self._text, self.at)
        assert found is not None
        self.at = found.end()

    def value(self) -> Node:
        """A value; its end is where the reading stands behind it."""
        self.skip()
        start = self.at
        match self._text[start : start + 1]:
            case "{":
                members = self._list("}", self._member)
                self._refuse_twice(members)
                return Node(start=start, members=members, end=self.at)
            case "[":
                return Node(start=start, items=self._list("]", self.value), end=self.at)
            case '"':
                return Node(start=start, scalar=self._string(), end=self.at)
        scalar = json.loads(self._take(_SCALAR, "a value was expected"))
        return Node(start=start, scalar=scalar, end=self.at)

    def wrong(self, why: str) -> NotJson:
        """The error for where the reading stands."""
        line = self._text.count("\n", 0, self.at) + 1
        return NotJson(f"line {line}: {why}")

    def _list(self, closing: str, part: Callable[[], _Part]) -> tuple[_Part, ...]:
        self.at += 1
        found: list[_Part] = []
        self.skip()
        while not self._text.startswith(closing, self.at):
            if found:
                self._expect(",", f", or {closing} was expected")
                self.skip()
            found.append(part())
            self.skip()
            if self.at == len(self._text):
                raise self.wrong(f"{closing} is missing")
        self.at += 1
        return tuple(found)

    def _member(self) -> Member:
        start = self.at
        name = self._string()
        self.skip()
        self._expect(":", ": was expected")
        return Member(name=name, start=start, node=self.value())

    def _string(self) -> str:
        try:
            return str(json.loads(self._take(_STRING, "a text was expected")))
        except ValueError as error:
            raise error if isinstance(error, NotJson) else self.wrong(str(error)) from None

    def _take(self, pattern: re.Pattern[str], why: str) -> str:
        found = pattern.match(self._text, self.at)
        if found is None:
            raise self.wrong(why)
        self.at = found.end()
        return found[0]

    def _expect(self, sign: str, why: str) -> None:
        if not self._text.startswith(sign, self.at):
            raise self.wrong(why)
        self.at += 1

    def _refuse_twice(self, members: tuple[Member, ...]) -> None:
        names = [one.name for one in members]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise self.wrong(f"{twice!r} stands twice in one object")
