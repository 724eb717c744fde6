"""The session around a program that `holdfast run-agent` runs: begun or resumed before it, given back after it."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from holdfast.cli._lease_watch import LeaseWatch
from holdfast.cli._output import errors
from holdfast.cli._place import Place
from holdfast.errors import HoldfastError, NotFound, Refused
from holdfast.model.sessions import SessionLease, StartedSession
from holdfast.sync.cache import CachedSession
from holdfast.sync.git import current_branch
from holdfast.sync.keeping import cached

_SUSPENDED_MINUTES = 45.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line says."""

    command: Sequence[str]
    session_id: str | None
    agent: str
    claim: str | None
    lease_seconds: float
    venture: str


class AgentSession:
    """A session that this process holds."""

    def __init__(self, place: Place, wanted: Wanted, started: StartedSession, at: float) -> None:
        self._place = place
        self._wanted = wanted
        self.lease: SessionLease = started.lease
        self._kept = CachedSession(
            session_id=self.lease.session_id,
            venture_id=place.venture_id,
            epoch=self.lease.epoch,
            token=self.lease.token,
            claim=None,
            branch=current_branch(Path.cwd()),
            updated_at=datetime.now(UTC),
        )
        self.watch = LeaseWatch(
            place, self._kept, self.lease, lease_seconds=wanted.lease_seconds, started_at=at
        )

    @classmethod
    async def begin(cls, place: Place, wanted: Wanted) -> AgentSession:
        """Start the session, or resume it with what it held."""
        at = time.monotonic()
        started = await place.sessions.start(
            session_id=wanted.session_id,
            agent=wanted.agent,
            metadata={"branch": current_branch(Path.cwd()), "folder": str(Path.cwd())},
            reopen=wanted.session_id is not None,
            lease_seconds=wanted.lease_seconds,
        )
        begun = cls(place, wanted, started, at)
        try:
            held = await begun._claim()
        except Refused:
            await begun.finish(interrupted_by="what it was to work on was refused")
            raise
        how = "resumed" if started.resumed else "started"
        say(f"session {begun.lease.session_id} {how}{f', holds {held}' if held else ''}")
        return begun

    @property
    def how_to_resume(self) -> str:
        """The command that goes on with it."""
        return f"holdfast run-agent --session-id {shlex.quote(self.lease.session_id)} -- …"

    async def declare_silence(self) -> None:
        """Say that nothing will be heard of it: a person has stopped its program at the terminal."""
        with contextlib.suppress(HoldfastError, OSError):
            await self._place.sessions.declare_silence(
                self.lease, minutes=_SUSPENDED_MINUTES, reason="stopped at the terminal"
            )

    async def finish(self, *, interrupted_by: str | None = None) -> None:
        """Give the lease back; what cannot be told now is told by the lease's end."""
        sessions = self._place.sessions
        try:
            if interrupted_by is None:
                await sessions.end(self.lease, reason="its program ended")
            else:
                await sessions.interrupt(self.lease, reason=interrupted_by)
        except Refused:  # it was ended, or taken
            pass
        except (HoldfastError, OSError) as error:
            say(f"The database is away ({error}); the session's lease runs out by itself.")
        with contextlib.suppress(HoldfastError):
            self._place.cache.update(self.lease.session_id, self._place.venture_id, lambda _: None)

    async def _claim(self) -> str | None:
        """Claim what the command line names, else what the session held before; gives its key."""
        self._keep()
        sessions, wanted = self._place.sessions, self._wanted.claim
        before = (await sessions.get(self.lease.session_id)).sd_key
        key = wanted or before
        if key is None:
            return None
        call = sessions.claim if before in (None, key) else sessions.switch
        try:
            made = await call(self.lease, key, lease_seconds=self._wanted.lease_seconds)
        except NotFound as error:
            raise await self._place.directives.unknown(key) from error
        except Refused as refusal:
            if wanted is not None:
                raise
            say(f"It held {key}, which is not to be had now: {refusal.message}")
            return None
        self._keep(claim=cached(made))
        return key

    def _keep(self, **changes: object) -> None:
        mine = {name: getattr(self._kept, name) for name in ("epoch", "token", "branch")}
        self._place.keep(self._kept, **mine, **changes)


def say(text: str) -> None:
    """On standard error: standard output is the program's."""
    errors.print(Text(f"holdfast: {text}", style="quiet"), soft_wrap=True)
