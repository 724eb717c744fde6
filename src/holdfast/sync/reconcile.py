"""Bringing a project and the database together: send the journal, compare, repair, and say what was found."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError
from holdfast.sync.divergence import CannotTell, Consistent, Difference, Diverged, Verdict, compare
from holdfast.sync.journal import Journal
from holdfast.sync.quarantine import Quarantine
from holdfast.sync.repair import repair
from holdfast.sync.replay import Replayed, replay
from holdfast.sync.views import Project


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """One difference, and what became of it."""

    session_id: str
    difference: Difference
    is_repaired: bool = False
    problem: str | None = None
    """Why it could not be repaired."""

    @property
    def line(self) -> str:
        """What a person is told."""
        if self.is_repaired:
            return f"{self.difference.line} (repaired)"
        return self.difference.line + (f" (not repaired: {self.problem})" if self.problem else "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What was found, and what became of it."""

    replayed: Replayed
    found: tuple[Found, ...] = ()
    cannot_tell: str | None = None
    """Why nothing could be compared."""

    @property
    def is_consistent(self) -> bool:
        """Whether files, git and database say the same now."""
        return self.cannot_tell is None and all(one.is_repaired for one in self.found)

    @property
    def lines(self) -> tuple[str, ...]:
        """What a person is told; nothing when there is nothing to tell."""
        told = (*self.replayed.lines, *(one.line for one in self.found))
        return told if self.cannot_tell is None else (*told, f"cannot validate: {self.cannot_tell}")


async def reconcile(
    *,
    engine: PostgresEngine,
    venture_id: UUID,
    session_id: str,
    start: Path,
    fix: bool = True,
    switch_branch: bool = False,
) -> Reconciled:
    """Send the project's journal, then compare a session's files, branch and claim; repair what the database knows better.

    Args:
        engine: the database.
        venture_id: the session's venture.
        session_id: the session.
        start: a folder of the project.
        fix: whether to repair the cache and the file in the older format.
        switch_branch: whether to switch git's branch too.

    With the database away it says that it cannot tell. A file that cannot be written is told, not raised.
    """
    replayed = await send_journal(start, engine)
    project = Project(start, engine, venture_id)
    try:
        found = await settle(project, session_id, fix=fix, switch_branch=switch_branch)
    except HoldfastError as error:
        return Reconciled(replayed=replayed, cannot_tell=error.message)
    return Reconciled(replayed=replayed, found=found)


async def send_journal(start: Path, engine: PostgresEngine) -> Replayed:
    """Send a project's journal; one that cannot be read is told in `stopped_by`."""
    try:
        return await replay(Journal.of_project(start), engine, Quarantine.of_project(start))
    except HoldfastError as error:
        return Replayed(stopped_by=error)


async def settle(
    project: Project, session_id: str, *, fix: bool, switch_branch: bool
) -> tuple[Found, ...]:
    """Compare what is said of one session, and repair it.

    Raises:
        DatabaseError: the database does not say.
    """
    seen = await project.look(session_id)
    found = []
    for difference in _differences(compare(seen.file, seen.database, seen.git)):
        is_repaired, problem = False, None
        if fix:
            try:
                is_repaired = await repair(
                    project, seen, difference, may_switch_branch=switch_branch
                )
            except HoldfastError as error:
                problem = error.message
        found.append(
            Found(
                session_id=session_id,
                difference=difference,
                is_repaired=is_repaired,
                problem=problem,
            )
        )
    return tuple(found)


def _differences(verdict: Verdict) -> tuple[Difference, ...]:
    match verdict:
        case Diverged(differences=differences):
            return differences
        case Consistent() | CannotTell():
            return ()
