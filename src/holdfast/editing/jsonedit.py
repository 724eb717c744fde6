"""Edits of a JSON text that leave every byte they do not mean as it is; taking an edit back gives the text before it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from holdfast.editing.jsontext import Node, parse, past_trivia

Path: TypeAlias = Sequence[str | int]

_INDENT = re.compile(r"\n([ \t]+)\S")
_BLANKS = re.compile(r"[ \t]*")
_REMARK = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)")
_LINE_ENDS = re.compile(r"[ \t]*(?:\r?\n|$)")


class Edited:
    """A text under edit."""

    def __init__(self, text: str, *, comments: bool = False) -> None:
        self.text = text
        self._comments = comments
        self._newline = "\r\n" if "\r\n" in text else "\n"
        found = _INDENT.search(text)
        self._unit = found[1] if found else "  "
        self.root = parse(text, comments=comments)

    def find(self, path: Path) -> Node | None:
        """The value at a path."""
        node: Node | None = self.root
        for step in path:
            node = node.get(step) if node is not None else None
        return node

    def plain(self, path: Path = ()) -> Any:
        """The value at a path as Python has it, or nothing."""
        node = self.find(path)
        return None if node is None else node.plain()

    def spelled(self, path: Path) -> str:
        """The very text of a value."""
        node = self._there(path)
        return self.text[node.start : node.end]

    def spell(self, path: Path, text: str) -> None:
        """Put the very text of a value back."""
        node = self._there(path)
        self._apply((node.start, node.end, text))

    def put(self, path: Path, value: Any) -> None:
        """Set a value; the objects on the way are made where they are missing."""
        node, parent = self.find(path), self.find(path[:-1])
        if node is not None:
            shown = self._shown(value, self._indent_at(node.start), inline=self._is_inline(node))
            self._apply((node.start, node.end, shown))
        elif parent is None:
            self.put(path[:-1], {path[-1]: value})
        else:
            self._insert(parent, f"{json.dumps(path[-1], ensure_ascii=False)}: ", value)

    def append(self, path: Path, value: Any) -> None:
        """Add a value to the end of a list, which is made where it is missing."""
        node = self.find(path)
        if node is None:
            self.put(path, [value])
        else:
            self._insert(node, "", value)

    def remove(self, path: Path) -> None:
        """Take a member or an item out; what held it stays, even empty."""
        parent = self._there(path[:-1])
        siblings = parent.children
        place = _place(parent, path[-1])
        child = siblings[place]
        end = child.end
        commas = []
        if place + 1 < len(siblings):
            commas = [past_trivia(self.text, child.end)]
            if commas[0] == end:  # the usual spelling: the comma goes with what it ends
                commas, end = [], end + 1
        elif place > 0:
            commas = [past_trivia(self.text, siblings[place - 1].end)]
        elif self.text[parent.start + 1 : parent.end - 1].strip() == self.text[child.start : end]:
            end = parent.end - 1
        before = siblings[place - 1].end if place else parent.start + 1
        lead = self._lead(before, child.start, end)
        self._apply((lead, end, ""), *((at, at + 1, "") for at in commas))

    def _lead(self, before: int, start: int, end: int) -> int:
        """Where the blanks begin that go with what is taken out."""
        lead = len(self.text[:start].rstrip())
        is_remark = "//" in self.text[before:lead].rpartition("\n")[2]
        if is_remark and not _LINE_ENDS.match(self.text, end):
            return start  # or what follows would become part of the remark
        return lead

    def _insert(self, container: Node, name: str, value: Any) -> None:
        if not container.children:
            inside = self.text[container.start + 1 : container.end - 1].rstrip()
            outer = self._indent_at(container.start)
            indent = outer + self._unit
            shown = f"{inside}{self._newline}{indent}{name}{self._shown(value, indent)}{self._newline}{outer}"
            self._apply((container.start + 1, container.end - 1, shown))
            return
        last = container.children[-1]
        if self._is_inline(container):
            shown = f", {name}{self._shown(value, '', inline=True)}"
            self._apply((last.end, last.end, shown))
            return
        indent = self._indent_at(last.start)
        if not self._begins_line(last.start):
            indent = self._indent_at(container.start) + self._unit
        # A remark behind the last one stays behind it.
        remark = _REMARK.match(self.text, last.end) if self._comments else None
        at = remark.end() if remark else last.end
        shown = f"{self._newline}{indent}{name}{self._shown(value, indent)}"
        self._apply((last.end, at, f",{self.text[last.end : at]}{shown}"))

    def _shown(self, value: Any, indent: str, *, inline: bool = False) -> str:
        if inline:
            return json.dumps(value, ensure_ascii=False)
        lines = json.dumps(value, ensure_ascii=False, indent=self._unit).split("\n")
        return f"{self._newline}{indent}".join(lines)

    def _is_inline(self, node: Node) -> bool:
        """Whether it stands on one line though it holds something."""
        return bool(node.children) and "\n" not in self.text[node.start : node.end]

    def _indent_at(self, at: int) -> str:
        found = _BLANKS.match(self.text, self.text.rfind("\n", 0, at) + 1)
        assert found is not None
        return found[0]

    def _begins_line(self, at: int) -> bool:
        return not self.text[self.text.rfind("\n", 0, at) + 1 : at].strip()

    def _there(self, path: Path) -> Node:
        node = self.find(path)
        assert node is not None, path
        return node

    def _apply(self, *changes: tuple[int, int, str]) -> None:
        """Replace parts of the text, named by where they stand in it now."""
        text = self.text
        for start, end, new in sorted(changes, key=lambda one: one[:2], reverse=True):
            text = text[:start] + new + text[end:]
        self.text, self.root = text, parse(text, comments=self._comments)


def _place(parent: Node, step: str | int) -> int:
    if isinstance(step, int):
        return step
    return [one.name for one in parent.members or ()].index(step)
