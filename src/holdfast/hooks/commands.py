"""How a configuration names our programs: by the bare name where that is found, else by the whole path."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import sys
from pathlib import Path

from holdfast.errors import HoldfastError, InvalidValue
from holdfast.hooks.programs.program import COMMAND, HOOK_COMMAND, Scope


@dataclasses.dataclass(frozen=True, kw_only=True)
class Commands:
    """The two programs, as a configuration calls them."""

    hook: str
    server: str

    @property
    def is_bare(self) -> bool:
        """Whether both are found on any machine that has Holdfast on its PATH."""
        return (self.hook, self.server) == (HOOK_COMMAND, COMMAND)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it."""
        if not self.is_bare:
            return (f"{HOOK_COMMAND} is not on PATH; the file names it as {self.hook}.",)
        found = shutil.which(HOOK_COMMAND)
        if found is not None and _is_of_virtual_environment(Path(found)):
            folder = Path(found).parent
            return (
                f"{HOOK_COMMAND} is on PATH by a virtual environment: it is found only where {folder} is on PATH.",
            )
        return ()

    def for_hooks(self, program: str) -> str:
        """The command line of a program's hooks."""
        return f"{shlex.quote(self.hook)} {program}"


BARE = Commands(hook=HOOK_COMMAND, server=COMMAND)


def find_commands(scope: Scope, *, search: str | None = None) -> Commands:
    """How our programs can be named in a scope's files.

    Args:
        scope: one that is committed must not name this machine's paths.
        search: the search path; unset means this process's.

    Raises:
        InvalidValue: only a whole path would do, and the scope's file is committed.
        HoldfastError: they are not installed.
    """
    found = Commands(hook=_name(HOOK_COMMAND, search), server=_name(COMMAND, search))
    if scope is Scope.PROJECT and not found.is_bare:
        raise InvalidValue(
            f"{HOOK_COMMAND} is not on PATH, and the project's file is everybody's: it cannot name {found.hook}.",
            hint=f"Put {Path(found.hook).parent} on PATH, or install for yourself: --scope local or user.",
        )
    return found


def _is_of_virtual_environment(file: Path) -> bool:
    return sys.prefix != sys.base_prefix and file.parent == Path(sys.executable).parent


def _name(name: str, search: str | None) -> str:
    if shutil.which(name, path=search):
        return name
    # Beside the Python that runs this, where the same installation has put it.
    beside = Path(sys.executable).with_name(name)
    if shutil.which(str(beside)):
        return str(beside)
    raise HoldfastError(
        f"{name} is neither on PATH nor in {beside.parent}.", hint="Install Holdfast again."
    )
