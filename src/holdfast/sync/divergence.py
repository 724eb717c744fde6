"""One truth: where the project's files and git's branch differ from what the database says of a session.

Nothing here looks anywhere: three frozen views in, differences out. The database's view is the truth; each difference
says in one line what is at odds, and which repair that implies.
"""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TypeAlias

from holdfast.sync.git import Head
from holdfast.sync.sides import (
    DatabaseAway,
    DatabaseState,
    DatabaseView,
    FileView,
    GitView,
    Held,
)

NOTHING = "none"


class Kind(StrEnum):
    """What is at odds."""

    CACHE = "cache"
    SESSION = "session"
    CLAIM = "SD"
    PHASE = "phase"
    OLDER_FILE = "older file"
    BRANCH = "branch"
    WORKTREE = "worktree"


class Repair(StrEnum):
    """What the database's truth implies."""

    PUT_ASIDE = "put the damaged file aside"
    FORGET_SESSION = "forget the session's lease here"
    FORGET_CLAIM = "forget the claim here"
    RENEW_CLAIM = "take the claim's token anew, under the session's lease"
    REWRITE_PHASE = "write the phase"
    REWRITE_OLDER = "write the file in the older format"
    SWITCH_BRANCH = "switch the branch, if asked to"
    BY_HAND = "nothing that Holdfast could do"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing at odds."""

    kind: Kind
    here: str
    """What the file or git says, with its name."""
    truth: str
    """What the database says, with its name."""
    repair: Repair

    @property
    def line(self) -> str:
        """What a person is told.

        >>> Difference(kind=Kind.CLAIM, here="file=SD-1", truth="db_claim=SD-2", repair=Repair.RENEW_CLAIM).line
        '⚠️ SD mismatch: file=SD-1, db_claim=SD-2'
        """
        return f"⚠️ {self.kind} mismatch: {self.here}, {self.truth}"


UNREADABLE = Difference(
    kind=Kind.CACHE, here="file=unreadable", truth="db=not asked", repair=Repair.PUT_ASIDE
)
"""A cache that cannot be read, where no session is named that could be looked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Consistent:
    """All three say the same."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diverged:
    """They do not."""

    differences: tuple[Difference, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CannotTell:
    """The database is away: a file that fits itself proves nothing."""

    why: str


Verdict: TypeAlias = Consistent | Diverged | CannotTell


def compare(file: FileView, database: DatabaseView | DatabaseAway, git: GitView) -> Verdict:
    """Where the files and git differ from the database."""
    if isinstance(database, DatabaseAway):
        return CannotTell(why=database.why)
    found = (*_of_cache(file, database), *_of_older(file, database), *_of_git(database, git))
    return Diverged(differences=found) if found else Consistent()


def _of_cache(file: FileView, database: DatabaseView) -> tuple[Difference, ...]:
    live = database.state is DatabaseState.LIVE
    if file.problem is not None:
        return (_claim("unreadable", database, Repair.PUT_ASIDE),)
    if not file.is_known:
        # Another machine's or another project's session; only its lease could repair that.
        if live and database.held:
            return (_claim(NOTHING, database, Repair.BY_HAND),)
        return (_session(NOTHING, "live", Repair.BY_HAND),) if live else ()
    if database.state in (DatabaseState.ENDED, DatabaseState.UNKNOWN):
        return (_session("known", database.state.value, Repair.FORGET_SESSION),)
    if file.epoch != database.epoch:
        epochs = f"epoch {file.epoch}", f"epoch {database.epoch}"
        return (_session(*epochs, Repair.FORGET_SESSION),)
    return _of_claim(file.held, database)


def _of_claim(held: Held | None, database: DatabaseView) -> tuple[Difference, ...]:
    truth = database.held
    if truth is None:
        return (_claim(held.sd_key, database, Repair.FORGET_CLAIM),) if held else ()
    if held is None or held.sd_key != truth.sd_key:
        here = held.sd_key if held else NOTHING
        return (_claim(here, database, Repair.RENEW_CLAIM),)
    if held.epoch != truth.epoch:
        return (
            Difference(
                kind=Kind.CLAIM,
                here=f"file={held.sd_key} (epoch {held.epoch})",
                truth=f"db_claim={truth.sd_key} (epoch {truth.epoch})",
                repair=Repair.RENEW_CLAIM,
            ),
        )
    if held.phase != truth.phase:
        return (
            Difference(
                kind=Kind.PHASE,
                here=f"file={held.phase}",
                truth=f"db={truth.phase}",
                repair=Repair.REWRITE_PHASE,
            ),
        )
    return ()


def _of_older(file: FileView, database: DatabaseView) -> tuple[Difference, ...]:
    truth = database.held.sd_key if database.held else None
    if file.older_problem is not None:
        here = "unreadable"
    elif file.says_older and file.older_sd_key != truth:
        here = file.older_sd_key or NOTHING
    else:
        return ()
    return (
        Difference(
            kind=Kind.OLDER_FILE,
            here=f"auto-proceed-state={here}",
            truth=f"db_claim={truth or NOTHING}",
            repair=Repair.REWRITE_OLDER,
        ),
    )


def _of_git(database: DatabaseView, git: GitView) -> tuple[Difference, ...]:
    """A session that is over, and a folder without git, are on no branch that could be wrong."""
    if database.state is not DatabaseState.LIVE or git.tree.head is Head.NO_GIT:
        return ()
    here = str(git.tree.folder)
    if database.worktree is not None and database.worktree != here:
        # What is checked out in another work tree than the session's is not the session's matter.
        return (
            Difference(
                kind=Kind.WORKTREE,
                here=f"here={here}",
                truth=f"session={database.worktree}",
                repair=Repair.BY_HAND,
            ),
        )
    return _of_branch(database, git)


def _of_branch(database: DatabaseView, git: GitView) -> tuple[Difference, ...]:
    """A branch that is named after a directive says which one is worked on; another is only compared with the recorded."""
    if database.held is None or git.sd_key == database.held.sd_key:
        return ()
    branch = git.tree.branch or git.tree.head.value
    if git.sd_key is not None:
        truth = f"db_claim={database.held.sd_key}"
    elif database.branch is not None and database.branch != git.tree.branch:
        truth = f"session={database.branch}"
    else:
        return ()
    return (
        Difference(
            kind=Kind.BRANCH,
            here=f"branch={branch}",
            truth=truth,
            repair=Repair.SWITCH_BRANCH,
        ),
    )


def _claim(here: str, database: DatabaseView, repair: Repair) -> Difference:
    truth = database.held.sd_key if database.held else NOTHING
    return Difference(
        kind=Kind.CLAIM, here=f"file={here}", truth=f"db_claim={truth}", repair=repair
    )


def _session(here: str, truth: str, repair: Repair) -> Difference:
    return Difference(kind=Kind.SESSION, here=f"file={here}", truth=f"db={truth}", repair=repair)
