"""Bringing a project and the database together: send the journal, compare, repair, and say what was found."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import HoldfastError, NotFound
from holdfast.sync.divergence import (
    UNREADABLE,
    CannotTell,
    Consistent,
    Difference,
    Diverged,
    Verdict,
    compare,
)
from holdfast.sync.journal import Journal
from holdfast.sync.quarantine import Quarantine
from holdfast.sync.repair import repair
from holdfast.sync.replay import Replayed, replay
from holdfast.sync.views import Project


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """One difference, and what became of it."""

    session_id: str | None
    """Unset where it concerns them all."""
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
        is_sent = self.replayed.stopped_by is None
        return is_sent and self.cannot_tell is None and all(one.is_repaired for one in self.found)

    @property
    def lines(self) -> tuple[str, ...]:
        """What a person is told; nothing when there is nothing to tell."""
        told = (*self.replayed.lines, *(one.line for one in self.found))
        return told if self.cannot_tell is None else (*told, f"cannot validate: {self.cannot_tell}")


async def reconcile(
    *,
    engine: Engine,
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
    try:
        project = Project(start, engine, venture_id)
        found = await settle(project, session_id, fix=fix, switch_branch=switch_branch)
    except HoldfastError as error:
        return Reconciled(replayed=replayed, cannot_tell=error.message)
    return Reconciled(replayed=replayed, found=found)


async def send_journal(start: Path, engine: Engine) -> Replayed:
    """Send a project's journal; one that cannot be read is told in `stopped_by`."""
    try:
        return await replay(Journal.of_project(start), engine, Quarantine.of_project(start))
    except HoldfastError as error:
        return Replayed(stopped_by=error)


async def settle_all(project: Project, *, fix: bool, switch_branch: bool) -> tuple[Found, ...]:
    """Compare every session that the project's cache keeps, and repair it; raises as `settle` does."""
    state = project.cache.read()
    if state.problem is not None:
        return (_repaired_cache(project) if fix else Found(session_id=None, difference=UNREADABLE),)
    found: list[Found] = []
    for one in state.sessions:
        if one.venture_id == project.venture_id:
            found += await settle(project, one.session_id, fix=fix, switch_branch=switch_branch)
    return tuple(found)


def _repaired_cache(project: Project) -> Found:
    try:
        project.cache.update("", project.venture_id, lambda kept: kept)
    except HoldfastError as error:
        return Found(session_id=None, difference=UNREADABLE, problem=error.message)
    return Found(session_id=None, difference=UNREADABLE, is_repaired=True)


async def settle_known(
    project: Project, session_id: str, *, fix: bool, switch_branch: bool
) -> tuple[Found, ...]:
    """Compare one session, which somebody has named; raises as `settle` does.

    Raises:
        NotFound: neither the database nor the cache knows it.
    """
    seen = await project.look(session_id)
    if seen.is_unheard_of:
        raise NotFound(
            f"There is no session {session_id}.", hint="List them with: holdfast session list --all"
        )
    return await settle(project, session_id, fix=fix, switch_branch=switch_branch)


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
    if found:
        await _keep_for_people(project, session_id, found)
    return tuple(found)


async def _keep_for_people(project: Project, session_id: str, found: Sequence[Found]) -> None:
    """Let the session's view show what was found; where that cannot be, whoever asked is told all the same."""
    rows = [
        {
            "kind": one.difference.kind,
            "here": one.difference.here,
            "truth": one.difference.truth,
            "repaired": one.is_repaired,
            "problem": one.problem,
        }
        for one in found
    ]
    with contextlib.suppress(HoldfastError):
        await project.engine.call(
            "report_divergences",
            session_id=session_id,
            found=rows,
            venture_id=project.venture_id,
        )


def _differences(verdict: Verdict) -> tuple[Difference, ...]:
    match verdict:
        case Diverged(differences=differences):
            return differences
        case Consistent() | CannotTell():
            return ()
