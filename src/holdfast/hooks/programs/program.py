"""What there is to know of an agent program in order to hook into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from holdfast.hooks.findings import Finding, Standing

HOOK_COMMAND = "holdfast-hook"
COMMAND = "holdfast"
SERVER_NAME = "holdfast"
HOOK_SECONDS = 10
"""More than a hook's own deadlines, of which the longest is 8 s: what runs into the program's limit is not told why."""
VERIFYING_SECONDS = 900
"""For the events at which a directive's verification runs."""

JsonPath: TypeAlias = tuple[str, ...]


class Scope(StrEnum):
    """For whom a configuration file holds."""

    PROJECT = "project"
    """Everybody who works on the project; the file is committed."""
    LOCAL = "local"
    """This user in this project."""
    USER = "user"
    """This user in every project."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where a program's files are looked for."""

    project: Path
    home: Path
    environment: Mapping[str, str]

    def folder(self, variable: str, default: str) -> Path:
        """The folder that a variable names, else one in the home folder."""
        named = self.environment.get(variable)
        return Path(named) if named else self.home / default


@dataclasses.dataclass(frozen=True, kw_only=True)
class Files:
    """What one scope's configuration consists of."""

    hooks: Path
    server: Path
    """Where MCP servers stand: JSON, or TOML by its name."""
    server_path: JsonPath
    status_line: bool = False
    """Whether the hooks' file may name a status line's command."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """One agent program."""

    name: str
    title: str
    tried_version: str
    """The version that Holdfast is tested with."""
    events: Mapping[str, int]
    """The events that are hooked, each with its time limit in the program's own unit."""
    units_per_second: int = 1
    comments: bool = False
    """Whether it reads JSON with comments."""
    merges_same: bool = False
    """Whether it runs a command once that stands in several of its files."""
    handler_extras: Mapping[str, str] = dataclasses.field(default_factory=dict)
    scopes: tuple[Scope, ...]
    files: Callable[[Scope, Surroundings], Files]
    after_installing: tuple[str, ...] = ()
    """What the user has to do in the program before it calls us."""
    is_disabled: Callable[[Any], str | None] = lambda _: None
    """The setting in a hooks' file that turns hooks off, if one does."""
    has_plugin: Callable[[Any], bool] = lambda _: False
    """Whether a hooks' file turns a plugin on that brings our hooks."""
    examine_trust: Callable[[Sequence[Standing], Surroundings], Iterable[Finding]] = lambda *_: ()
    """What keeps the program from running hooks that it has read."""

    def group(self, event: str, command: str) -> dict[str, Any]:
        """The entry under an event; without a matcher it holds for every tool and every source."""
        handler = {"type": "command", "command": command, "timeout": self.events[event]}
        return {"hooks": [{**self.handler_extras, **handler}]}


def limits(
    *quick: str, verifying: tuple[str, ...] = (), units_per_second: int = 1
) -> dict[str, int]:
    """Events with their time limits.

    >>> limits("SessionEnd", verifying=("Stop",))
    {'SessionEnd': 10, 'Stop': 900}
    """
    seconds = dict.fromkeys(quick, HOOK_SECONDS) | dict.fromkeys(verifying, VERIFYING_SECONDS)
    return {event: value * units_per_second for event, value in seconds.items()}


def within(value: Any, *names: str) -> Any:
    """What stands in nested objects under some names, or nothing, whatever stands there.

    >>> within({"a": {"b": 1}}, "a", "b"), within({"a": 7}, "a", "b")
    (1, None)
    """
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
