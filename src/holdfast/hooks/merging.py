"""What is ours in one JSON file: put in beside what is there, brought up to date, taken out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from holdfast.editing.jsonedit import Edited
from holdfast.editing.jsontext import NotJson
from holdfast.errors import InvalidValue
from holdfast.hooks.entries import (
    handlers_of,
    is_our_server,
    is_our_status_line,
    our_handlers,
)
from holdfast.hooks.memory import Remembered
from holdfast.hooks.programs.program import Program

_NEW = "{}\n"
_STATUS_LINE = ("statusLine",)
JsonPath = tuple[str | int, ...]


class Merge:
    """One file under change."""

    def __init__(
        self, file: Path, text: str | None, *, program: Program, remembered: Remembered
    ) -> None:
        self._file = file
        self._program = program
        self._remembered = remembered
        try:
            self._edited = Edited(_NEW if text is None else text, comments=program.comments)
        except NotJson as error:
            raise InvalidValue(
                f"{file} is not JSON as {program.title} reads it: {error}.",
                hint="Correct the file; nothing was changed.",
            ) from None
        if self._edited.root.members is None:
            raise self._wrong((), "an object")

    @property
    def text(self) -> str:
        """What the file is to say."""
        return self._edited.text

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self._plain

    def has_ours(self, server_path: JsonPath) -> bool:
        """Whether anything in it is ours."""
        return (
            any(our_handlers(self._plain, self._program))
            or self._has_our_status_line()
            or is_our_server(self._edited.plain(server_path))
        )

    def put_hooks(self, command: str) -> None:
        """Have our handler under each event just once, as it is to be."""
        self._require_lists()
        standing = dict[str, int]()
        for event, at, place in list(our_handlers(self._plain, self._program)):
            is_alone = len(handlers_of(self._edited.plain(("hooks", event, at)))) == 1
            if event in self._program.events and is_alone and event not in standing:
                standing[event] = at
            elif is_alone:
                self._take(("hooks", event, at))
                if event in standing:  # it was found behind this one
                    standing[event] -= 1
            else:
                self._take(("hooks", event, at, "hooks", place))
        for event in self._program.events:
            group = self._program.group(event, command)
            if event not in standing:
                self._remember_empty(("hooks", event))
                self._edited.append(("hooks", event), group)
            elif self._edited.plain(("hooks", event, standing[event])) != group:
                self._edited.put(("hooks", event, standing[event]), group)

    def take_hooks(self) -> None:
        """Have none of our handlers."""
        for event, at, place in list(our_handlers(self._plain, self._program)):
            is_alone = len(handlers_of(self._edited.plain(("hooks", event, at)))) == 1
            self._take(("hooks", event, at) if is_alone else ("hooks", event, at, "hooks", place))

    def put_status_line(self, command: str, *, replace: bool) -> bool:
        """Set the status line, unless somebody else's stands there; says whether ours stands there now."""
        found = self._edited.plain(_STATUS_LINE)
        if found is not None and not replace and not self._has_our_status_line():
            return False
        self._put(
            _STATUS_LINE,
            {"type": "command", "command": command},
            is_ours=self._has_our_status_line(),
        )
        return True

    def take_status_line(self) -> None:
        """Take the status line out if it is ours; one that was replaced is put back."""
        if self._has_our_status_line():
            self._take(_STATUS_LINE)

    def put_server(self, path: JsonPath, command: str) -> bool:
        """Set the MCP server, unless somebody else's has its name; says whether ours stands there now."""
        found = self._edited.plain(path)
        if found is not None and not is_our_server(found):
            return False
        self._put(path, {"command": command, "args": ["mcp"]}, is_ours=found is not None)
        return True

    def take_server(self, path: JsonPath) -> None:
        """Take the MCP server out if it is ours."""
        if is_our_server(self._edited.plain(path)):
            self._take(path)

    @property
    def _plain(self) -> Any:
        return self._edited.plain()

    def _has_our_status_line(self) -> bool:
        return is_our_status_line(self._edited.plain(_STATUS_LINE), self._program)

    def _put(self, path: JsonPath, value: dict[str, Any], *, is_ours: bool) -> None:
        found = self._edited.plain(path)
        if found == value:
            return
        for length in range(1, len(path)):
            self._require(path[:length], dict, "an object")
        self._remember_empty(path)
        if found is not None and not is_ours:
            self._remembered.spelled[_name(path)] = self._edited.spelled(path)
        self._edited.put(path, value)

    def _take(self, path: JsonPath) -> None:
        """Take a value out, and what held only that; or put back what stood there before us."""
        while True:
            before = self._remembered.spelled.get(_name(path))
            if before is not None:
                self._edited.spell(path, before)
                return
            if not path:
                return
            self._edited.remove(path)
            path = path[:-1]
            if self._edited.plain(path):
                return

    def _remember_empty(self, path: JsonPath) -> None:
        """Keep how the empty containers are spelled that will hold something."""
        for length in range(len(path) + 1):
            node = self._edited.find(path[:length])
            if node is not None and not node.children and node.scalar is None:
                spelled = self._edited.spelled(path[:length])
                self._remembered.spelled.setdefault(_name(path[:length]), spelled)

    def _require_lists(self) -> None:
        self._require(("hooks",), dict, "an object")
        for event in self._plain.get("hooks", {}):
            if event in self._program.events:
                self._require(("hooks", event), list, "a list")

    def _require(self, path: JsonPath, kind: type, expected: str) -> None:
        node = self._edited.find(path)
        if node is not None and not isinstance(node.plain(), kind):
            raise self._wrong(path, expected)

    def _wrong(self, path: JsonPath, expected: str) -> InvalidValue:
        what = ".".join(map(str, path)) or "the whole"
        return InvalidValue(
            f"{what} in {self._file} is not {expected}.",
            hint="Correct the file; nothing was changed.",
        )


def _name(path: JsonPath) -> str:
    return json.dumps(list(path))
