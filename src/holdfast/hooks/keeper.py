"""Keeps the lease of one session for as long as its agent program lives, and says whether it may go on."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable, HoldfastError, LeaseLost, NotFound, Refused
from holdfast.hooks.task import Task
from holdfast.model.sessions import Beat, Claim, Session, SessionLease, SessionState
from holdfast.sessions.directives import DirectiveService
from holdfast.sessions.service import SessionService
from holdfast.sync.cache import Cache, CachedClaim, CachedSession
from holdfast.sync.git import current_branch


@dataclasses.dataclass(frozen=True)
class Holding:
    """The session is this process's, and so is what it holds."""


@dataclasses.dataclass(frozen=True)
class Unsure:
    """The database does not answer, and the lease is older than it lasts."""

    why: str


@dataclasses.dataclass(frozen=True)
class Denied:
    """Somebody else has it; the text says who."""

    why: str
    is_claim: bool = False
    """Whether it is only what the session held that is lost: once a person was told, it may go on with other work."""


Standing: TypeAlias = Holding | Unsure | Denied


class Keeper:
    """The lease of one session, and its claim's."""

    def __init__(self, task: Task, settings: Settings) -> None:
        self._task = task
        self._settings = settings
        self._cache = Cache.of_project(Path(task.project))
        self._hf: Holdfast | None = None
        self._ready = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._lease: SessionLease | None = None
        self._sure_until = 0.0
        self._was_started = False
        self._refusal: Denied | None = None
        self._notes: list[str] = []
        self._state = "running"
        self.problem = "it does not answer"
        """Why the database cannot be reached."""
        self.away_since: datetime | None = None
        """When the session was heard of last before it came back here."""

    def connect(self, hf: Holdfast, venture_id: Any) -> None:
        """The database has answered for the first time."""
        self._hf = hf
        self.venture_id = venture_id
        self.sessions = SessionService(hf.engine, venture_id)
        self.directives = DirectiveService(hf.engine, venture_id)
        self._ready.set()

    @property
    def engine(self) -> PostgresEngine:
        """The door to the database.

        Raises:
            DatabaseUnavailable: it has not answered yet.
        """
        if self._hf is None:
            raise DatabaseUnavailable(self.problem)
        return self._hf.engine

    @property
    def is_held(self) -> bool:
        """Whether the session has a lease here."""
        return self._lease is not None

    @property
    def lease(self) -> SessionLease:
        """The session's lease.

        Raises:
            LeaseLost: there is none now.
        """
        if self._lease is None:
            raise LeaseLost(f"The session {self._task.session_id} is not held here.")
        return self._lease

    @property
    def claim(self) -> CachedClaim | None:
        """What the session holds, as commands and the database said last."""
        cached = self._cached()
        return cached.claim if cached else None

    async def session(self) -> Session:
        """The session as the database has it."""
        return await self.sessions.get(self._task.session_id)

    async def check(self, seconds: float, *, is_heard: bool = True) -> Standing:
        """Ask the database whether the session may go on, and renew its lease; wait so long for its answer."""
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._ask(is_heard), name="holdfast check")
        # Not cancelled when time is up: what the database has granted meanwhile must not get lost.
        done, _ = await asyncio.wait({self._working}, timeout=seconds)
        error = self._working.exception() if done else None
        if error is not None:
            self.problem = str(error)
            if not isinstance(error, HoldfastError | OSError):
                raise error
        return self._refusal or (Holding() if done and error is None else self._unsure())

    @property
    def standing(self) -> Standing:
        """Whether the session may go on, as far as is known here."""
        return self._refusal or self._unsure()

    def take_notes(self) -> list[str]:
        """What the agent should be told once: what became of what it held."""
        notes, self._notes = self._notes, []
        return notes

    def forgive(self) -> None:
        """A person was told of the lost claim; the session may go on with other work."""
        if self._refusal is not None and self._refusal.is_claim:
            self._refusal = None

    async def save(self, **metadata: Any) -> None:
        """Keep what the session says of itself."""
        await self.sessions.save(self.lease, metadata=metadata)

    async def move(self, state: str) -> None:
        """Say what the session is at: running, idle or requires_action."""
        if state != self._state:
            await self.sessions.save(self.lease, state=SessionState(state))
            self._state = state

    async def end(self, reason: str) -> None:
        """The agent program says that the session is over."""
        if self._lease is not None:
            await self.sessions.end(self._lease, reason=reason)
            self._forget()

    async def interrupt(self, reason: str) -> None:
        """The agent program is gone without a word; whoever resumes the session need not wait for its lease."""
        if self._lease is not None:
            with contextlib.suppress(Refused):
                await self.sessions.interrupt(self._lease, reason=reason)
            self._forget()

    def keep_claim(self, claim: Claim) -> None:
        """Let commands know what was claimed."""
        self._keep(
            claim=CachedClaim(
                sd_key=claim.sd_key, epoch=claim.epoch, token=claim.token, phase=claim.phase.value
            )
        )

    def drop_claim(self) -> None:
        """Let commands know that the session holds nothing."""
        self._keep(claim=None)

    async def _ask(self, is_heard: bool) -> None:
        await self._ready.wait()
        if self._lease is not None:
            try:
                await self._renew(self._lease, is_heard)
            except LeaseLost:
                self._lease = None  # taken, or too old: asking for it anew tells which
            except Refused as refusal:  # a person has ended it
                self._refusal = Denied(refusal.message)
                return
        if self._lease is None and is_heard:
            await self._start()

    async def _renew(self, lease: SessionLease, is_heard: bool) -> None:
        sent_at = time.monotonic()
        beat = await self.sessions.renew(
            lease, lease_seconds=self._settings.hooks_lease_seconds, is_heard=is_heard
        )
        self._sure_until = sent_at + self._settings.hooks_lease_seconds
        await self._look_at_claim(lease, beat)

    async def _start(self) -> None:
        """Register the session, or come back to it; a twin of a living one is denied."""
        sent_at = time.monotonic()
        branch = current_branch(Path(self._task.project))
        try:
            started = await self.sessions.start(
                session_id=self._task.session_id,
                agent=self._task.program,
                metadata={"branch": branch, "folder": self._task.project},
                holder=self._task.holder,
                incarnation=self._task.incarnation,
                reopen=not self._was_started,
                lease_seconds=self._settings.hooks_lease_seconds,
            )
        except Refused as refusal:
            self._refusal = Denied(f"{refusal.message} {refusal.hint or ''}".strip())
            return
        self._lease, self._refusal, self._was_started = started.lease, None, True
        self._sure_until = sent_at + self._settings.hooks_lease_seconds
        self._keep(epoch=started.lease.epoch, token=started.lease.token, branch=branch)
        if started.resumed:
            self.away_since = started.away_since
            await self._restore_claim(started.lease)

    async def _restore_claim(self, lease: SessionLease) -> None:
        """What the session worked on is its own again, unless somebody has taken it."""
        session = await self.session()
        state = session.metadata.get("execution_state")
        key = session.sd_key or (state.get("currentSd") if isinstance(state, dict) else None)
        if key is None:
            return
        try:
            self.keep_claim(
                await self.sessions.claim(
                    lease, key, lease_seconds=self._settings.hooks_lease_seconds
                )
            )
        except Refused as refusal:
            self._keep(claim=None)
            if not await self._is_over(key):
                self._notes.append(f"You worked on {key}, but: {refusal.message}")

    async def _is_over(self, key: str) -> bool:
        with contextlib.suppress(NotFound):
            return (await self.directives.get(key)).ended_at is not None
        return False

    async def _look_at_claim(self, lease: SessionLease, beat: Beat) -> None:
        believed = self.claim
        if believed is None or (beat.claim_held and beat.sd_key == believed.sd_key):
            return
        if beat.sd_key == believed.sd_key:  # nobody has taken it while nobody renewed it
            await self._restore_claim(lease)
        elif self.claim == believed:  # no command has changed it meanwhile
            self._keep(claim=None)
            self._refusal = Denied(await self._who_has(believed.sd_key), is_claim=True)

    async def _who_has(self, key: str) -> str:
        try:
            directive = await self.directives.get(key)
        except NotFound:
            return f"{key} is gone. Stop this work."
        if directive.held_by is not None:
            return (
                f"{key} was taken over: {directive.held_by} holds it since "
                f"{directive.held_since:%H:%M:%S %Z}. Stop this work; another is doing it."
            )
        return f"{key} is not held by this session any more; it is {directive.status.value}. Stop this work."

    def _unsure(self) -> Standing:
        if time.monotonic() < self._sure_until or not self._has_claimed():
            return Holding()
        return Unsure(f"the database is away ({self.problem})")

    def _has_claimed(self) -> bool:
        """Whether the session holds something, as far as is known here: a session without a claim can take nothing from another."""
        sessions = self._cache.read().sessions
        return any(one.claim for one in sessions if one.session_id == self._task.session_id)

    def _cached(self) -> CachedSession | None:
        if not self._ready.is_set():
            return None
        return self._cache.read().find(self._task.session_id, self.venture_id)

    def _keep(self, **changes: Any) -> None:
        lease = self.lease
        new = CachedSession(
            session_id=lease.session_id,
            venture_id=self.venture_id,
            epoch=lease.epoch,
            token=lease.token,
            claim=None,
            branch=None,
            incarnation=self._task.incarnation,
            updated_at=datetime.now(UTC),
        )

        def change(kept: CachedSession | None) -> CachedSession:
            return dataclasses.replace(
                kept or new,
                incarnation=self._task.incarnation,
                **changes,
                updated_at=datetime.now(UTC),
            )

        # The cache is a convenience of commands: without it the session works all the same.
        with contextlib.suppress(HoldfastError):
            self._cache.update(lease.session_id, self.venture_id, change)

    def _forget(self) -> None:
        self._lease = None
        with contextlib.suppress(HoldfastError):
            self._cache.update(self._task.session_id, self.venture_id, lambda _: None)
