"""Our MCP server in one TOML file: put in, brought up to date, taken out again."""

from __future__ import annotations

from pathlib import Path

from holdfast.editing import tomledit
from holdfast.editing.jsontext import NotJson
from holdfast.errors import InvalidValue
from holdfast.hooks.entries import is_our_server
from holdfast.hooks.programs.program import Program


class TomlMerge:
    """One file under change."""

    def __init__(self, file: Path, text: str | None, *, program: Program) -> None:
        self.text = text or ""
        try:
            tomledit.parse(self.text)
        except NotJson as error:
            raise InvalidValue(
                f"{file} is not TOML as {program.title} reads it: {error}.",
                hint="Correct the file; nothing was changed.",
            ) from None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self.text.strip()

    def has_ours(self, path: tuple[str, ...]) -> bool:
        """Whether the MCP server in it is ours."""
        return is_our_server(tomledit.find(self.text, path))

    def put_server(self, path: tuple[str, ...], command: str) -> bool:
        """Set the MCP server, unless somebody else's has its name; says whether ours stands there now."""
        found = tomledit.find(self.text, path)
        if found is not None and not is_our_server(found):
            return False
        wanted = {"command": command, "args": ["mcp"]}
        if found != wanted:
            self.text = tomledit.put(self.text, path, wanted)
        return True

    def take_server(self, path: tuple[str, ...]) -> None:
        """Take the MCP server out if it is ours."""
        if self.has_ours(path):
            self.text = tomledit.remove(self.text, path)
