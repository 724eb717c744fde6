"""The three sides that are compared: what the database, the project's files and git say of one session."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

from holdfast.sync.git import WorkTree


class DatabaseState(StrEnum):
    """What the database says of a session."""

    LIVE = "live"
    LOST = "lost"
    """Its lease ran out or was given up, whether or not a reaper has said so yet."""
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """A directive that a session holds."""

    sd_key: str
    phase: str
    epoch: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatabaseView:
    """The truth."""

    state: DatabaseState
    epoch: int = 0
    held: Held | None = None
    """Under a lease that lasts."""
    branch: str | None = None
    """That the session said it works on."""
    worktree: str | None = None
    """The root of the work tree where it was started."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatabaseAway:
    """Nobody can say what the truth is."""

    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class FileView:
    """What the project's files say of the session."""

    problem: str | None = None
    """Why the cache cannot be read."""
    is_known: bool = False
    """Whether the cache keeps a lease of the session."""
    epoch: int = 0
    held: Held | None = None
    older_sd_key: str | None = None
    """What the file in the older format says."""
    says_older: bool = False
    """Whether that file says anything of the session."""
    older_problem: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class GitView:
    """What git says, and which directive the branch is named after."""

    tree: WorkTree
    sd_key: str | None = None
