"""What installing and uninstalling would change, and changing it."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from pathlib import Path
from typing import Any

from holdfast.editing import files
from holdfast.errors import HoldfastError, InvalidValue
from holdfast.hooks.commands import Commands
from holdfast.hooks.memory import Memory
from holdfast.hooks.merging import Merge
from holdfast.hooks.programs.program import SERVER_NAME, Files, Program, Scope, Surroundings
from holdfast.hooks.toml_merging import TomlMerge


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What a file says and what it will say; unset means that there is no file."""

    file: Path
    before: str | None
    after: str | None

    @property
    def diff(self) -> str:
        """As people read it."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            str(self.file) if self.before is not None else "/dev/null",
            str(self.file) if self.after is not None else "/dev/null",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be done, and what is to be said of it."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    memory: Memory
    takes_out: bool

    def apply(self) -> None:
        """Do it, each file in one step.

        Raises:
            HoldfastError: a file was changed since, or cannot be written.
        """
        for change in self.changes:
            if files.read(change.file) != change.before:
                raise HoldfastError(
                    f"{change.file} was changed meanwhile.", hint="Look at it, and try again."
                )
        if not self.takes_out:  # who dies in between must find it when taking out
            self._remember()
        for change in self.changes:
            if change.after is None:
                made_folder = self.memory.of(change.file).made_folder
                files.delete(change.file, with_folder=made_folder)
            else:
                files.replace(change.file, change.after)
        if self.takes_out:
            for change in self.changes:
                self.memory.forget(change.file)
            self._remember()

    def _remember(self) -> None:
        # Without it all of ours is still taken out; only a blank may then differ.
        with contextlib.suppress(HoldfastError):
            self.memory.save()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is to be installed."""

    commands: Commands
    server: bool = True
    replace_status_line: bool = False


def plan_installing(
    program: Program, scope: Scope, where: Surroundings, wishes: Wishes, memory: Memory
) -> Plan:
    """What installing would change; nothing where all is there already.

    Raises:
        InvalidValue: the program has no such scope, or a file is not what the program reads.
    """
    found = files_of(program, scope, where)
    drafts = _Drafts(program, found, memory)
    hook = wishes.commands.for_hooks(program.name)
    notes = []

    settings = drafts.open(found.hooks)
    settings.put_hooks(hook)
    if found.status_line and not settings.put_status_line(
        f"{hook} statusline", replace=wishes.replace_status_line
    ):
        notes.append(f"{found.hooks} has a status line, which stays; --status-line replaces it.")
    if wishes.server and not drafts.open(found.server).put_server(
        found.server_path, wishes.commands.server
    ):
        notes.append(f"{found.server} has another MCP server named {SERVER_NAME}, which stays.")
    return Plan(changes=drafts.changes(), notes=tuple(notes), memory=memory, takes_out=False)


def plan_uninstalling(program: Program, scope: Scope, where: Surroundings, memory: Memory) -> Plan:
    """What taking everything of ours out would change; nothing where nothing is ours.

    Raises:
        InvalidValue: the program has no such scope, or a file is not what the program reads.
    """
    found = files_of(program, scope, where)
    drafts = _Drafts(program, found, memory)
    if files.read(found.hooks) is not None:
        settings = drafts.open(found.hooks)
        settings.take_hooks()
        settings.take_status_line()
    if files.read(found.server) is not None:
        drafts.open(found.server).take_server(found.server_path)
    return Plan(changes=drafts.changes(), notes=(), memory=memory, takes_out=True)


def files_of(program: Program, scope: Scope, where: Surroundings) -> Files:
    """The files of a scope.

    Raises:
        InvalidValue: the program has no such scope.
    """
    if scope not in program.scopes:
        raise InvalidValue(
            f"{program.title} has no scope {scope}.",
            hint=f"Name one of: --scope {' or '.join(program.scopes)}",
        )
    return program.files(scope, where)


class _Drafts:
    """The files that are being changed."""

    def __init__(self, program: Program, found: Files, memory: Memory) -> None:
        self._program = program
        self._found = found
        self._memory = memory
        self._opened: dict[Path, tuple[str | None, Merge | TomlMerge]] = {}

    def open(self, file: Path) -> Any:
        """A file under change; the same one when it is opened again."""
        if file not in self._opened:
            before = files.read(file)
            merge = self._merge(file, before)
            if not merge.has_ours(self._found.server_path):
                # What is remembered of it is of a time that is over.
                self._memory.forget(file)
                remembered = self._memory.of(file)
                remembered.made_file = before is None
                remembered.made_folder = not file.parent.exists()
                merge = self._merge(file, before)
            self._opened[file] = (before, merge)
        return self._opened[file][1]

    def changes(self) -> tuple[Change, ...]:
        """What is to be written; a file that we made and that says nothing any more is to go."""
        made = []
        for file, (before, merge) in self._opened.items():
            is_ours_alone = merge.is_empty and self._memory.of(file).made_file
            after = None if is_ours_alone else merge.text
            if after != before:
                made.append(Change(file=file, before=before, after=after))
        return tuple(made)

    def _merge(self, file: Path, text: str | None) -> Merge | TomlMerge:
        if file.suffix == ".toml":
            return TomlMerge(file, text, program=self._program)
        remembered = self._memory.of(file)
        return Merge(file, text, program=self._program, remembered=remembered)
