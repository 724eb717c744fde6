"""Where a session's or a directive's command stands: the database's side, the project's cache, and which session it is of."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from holdfast.cli._connection import connected
from holdfast.cli._output import print_note, print_warning
from holdfast.config import Settings
from holdfast.errors import InvalidValue, NotFound
from holdfast.sessions.auto_proceed import AutoProceedService
from holdfast.sessions.directives import DirectiveService
from holdfast.sessions.service import SessionService
from holdfast.sync import keeping
from holdfast.sync.cache import Cache, CachedClaim, CachedSession, CacheState
from holdfast.sync.keeping import SESSION_VARIABLE, lease_of
from holdfast.sync.reconcile import Found, send_journal, settle
from holdfast.sync.replay import Replayed
from holdfast.sync.views import Project

SessionOption = Annotated[
    str | None,
    typer.Option(
        "--session",
        help=f"The session; unset means {SESSION_VARIABLE}, else the only one that lives here.",
    ),
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; kept with the event.")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """What a command works with: the database's sessions and directives, and the project's cache."""

    sessions: SessionService
    directives: DirectiveService
    auto_proceed: AutoProceedService
    settings: Settings
    venture_id: UUID
    cache: Cache
    project: Project

    async def session(self, named: str | None) -> CachedSession:
        """The session that a command is of: the named one, else the variable's, else the only one that lives here.

        Raises:
            NotFound: none is known here under that name, or none lives.
            InvalidValue: several live.
        """
        state = self.cache.read()
        named = named or os.environ.get(SESSION_VARIABLE)
        if named is not None:
            return state.find(named, self.venture_id) or self._unknown(named, state)
        known = [one for one in state.sessions if one.venture_id == self.venture_id]
        live = await self.sessions.live_among([lease_of(one) for one in known])
        match [one for one in known if one.session_id in live]:
            case [only]:
                return only
            case []:
                return self._none_lives(known, state)
        raise InvalidValue(
            f"{len(live)} sessions live here: {', '.join(live)}.",
            hint=f"Name one with --session or {SESSION_VARIABLE}.",
        )

    def keep(self, session: CachedSession, **changes: Any) -> None:
        """Change what the cache says of a session; a lease that is older than the kept one changes nothing."""
        keeping.keep(self.cache, session, **changes)

    def forget_claim(self, session: CachedSession, held: CachedClaim) -> None:
        """The session does not hold that directive any more, under that claim."""
        keeping.forget_claim(self.cache, session, held)

    async def differences(self, session_id: str) -> tuple[Found, ...]:
        """Where the project's files and git's branch differ from what the database says of a session."""
        return await settle(self.project, session_id, fix=False, switch_branch=False)

    def _unknown(self, named: str, state: CacheState) -> CachedSession:
        raise NotFound(
            state.problem or f"The lease of the session {named} is not kept in {self.cache.file}.",
            hint=f"Once that lease is over, resume it here with: holdfast session start --id {named}",
        )

    def _none_lives(self, known: list[CachedSession], state: CacheState) -> CachedSession:
        if state.problem is not None:
            raise NotFound(state.problem, hint="Start a session with: holdfast session start")
        if known:
            names = ", ".join(one.session_id for one in known)
            raise NotFound(
                f"No session lives here; these have lost their lease: {names}.",
                hint=f"Resume one with: holdfast session start --id {known[-1].session_id}",
            )
        raise NotFound("No session lives here.", hint="Start one with: holdfast session start")


@asynccontextmanager
async def placed(venture: str | None) -> AsyncIterator[Place]:
    """Open what a command works with; what the journal holds is sent first."""
    async with connected(venture) as (hf, venture_id):
        # What was written while the database was away comes before anything new.
        tell_replayed(await send_journal(Path.cwd(), hf.engine))
        yield Place(
            sessions=SessionService(hf.engine, venture_id),
            directives=DirectiveService(hf.engine, venture_id),
            auto_proceed=AutoProceedService(hf.engine, venture_id),
            settings=hf.settings,
            venture_id=venture_id,
            cache=Cache.of_project(Path.cwd()),
            project=Project(Path.cwd(), hf.engine, venture_id),
        )


def tell_replayed(replayed: Replayed) -> None:
    """What became of writes that were journaled, beside what the command itself tells."""
    if replayed.applied:
        print_note(f"journaled writes that are in the database now: {len(replayed.applied)}")
    for line in replayed.lines:
        print_warning(line)
