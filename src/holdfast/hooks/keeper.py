"""Keeps the lease of one session for as long as its agent program lives, and says whether it may go on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.calls import Engine, Row
from holdfast.errors import (
    DatabaseUnavailable,
    EmbeddedServerFailed,
    HoldfastError,
    LeaseLost,
    NotFound,
    Refused,
)
from holdfast.hooks.files import SessionFiles
from holdfast.hooks.ledger import Ledger
from holdfast.hooks.standing import Denied, Holding, Standing, Unsure
from holdfast.hooks.task import Task
from holdfast.model.sessions import Beat, Claim, Session, SessionLease
from holdfast.sessions.directives import DirectiveService
from holdfast.sessions.service import SessionService
from holdfast.sync.cache import CachedClaim
from holdfast.sync.git import read_work_tree
from holdfast.sync.keeping import cached
from holdfast.sync.reconcile import send_journal, settle
from holdfast.sync.views import Project

WRITE_SECONDS = 1.0
"""How long a write waits for the database before it goes to the journal."""
AWAY_SECONDS = 0.2
"""How long a hook waits for a database that did not answer the one before."""
AWAY = (DatabaseUnavailable, EmbeddedServerFailed)


class Keeper:
    """The lease of one session, and its claim's."""

    def __init__(self, task: Task, settings: Settings) -> None:
        self._task = task
        self._settings = settings
        self._files = SessionFiles(task)
        self._hf: Holdfast | None = None
        self._was_tried = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._lease: SessionLease | None = None
        self._sure_until = 0.0
        self._is_heard = False
        self._is_away = False
        self._was_started = False
        self._refusal: Denied | None = None
        self._notes: list[str] = []
        self._state = "running"
        self.problem = "it does not answer"
        """Why the database cannot be reached."""
        self.away_since: datetime | None = None
        """When the session was heard of last before it came back here."""

    def connect(self, hf: Holdfast, venture_id: UUID) -> None:
        """The database has answered for the first time."""
        self._hf = hf
        self.venture_id = venture_id
        self.sessions = SessionService(hf.engine, venture_id)
        self.directives = DirectiveService(hf.engine, venture_id)
        self._was_tried.set()

    def fail(self, problem: str) -> None:
        """The database cannot be reached: nobody need wait for its first answer any longer."""
        self.problem = problem
        self._was_tried.set()

    @property
    def engine(self) -> Engine:
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
        return self._files.claim

    async def session(self) -> Session:
        """The session as the database has it."""
        return await self.sessions.get(self._task.session_id)

    async def check(self, seconds: float, *, is_heard: bool = True) -> Standing:
        """Ask the database whether the session may go on, and renew its lease; wait so long for its answer."""
        self._is_heard |= is_heard
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._ask(), name="holdfast check")
        # Not cancelled when time is up: what the database has granted meanwhile must not get lost.
        timeout = AWAY_SECONDS if self._is_away and self._was_tried.is_set() else seconds
        done, _ = await asyncio.wait({self._working}, timeout=timeout)
        error = self._working.exception() if done else None
        self._is_away = not done or isinstance(error, AWAY)
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

    async def write(self, function: str, **arguments: Any) -> Row | None:
        """Call an engine function under the session's lease; with the database away it goes to the journal.

        Raises:
            Refused: the database refused it.
            HoldfastError: the journal cannot be written either.
        """
        lease = self.lease
        if not self._is_away:
            with contextlib.suppress(*AWAY, TimeoutError):
                async with asyncio.timeout(WRITE_SECONDS):
                    return await self.engine.call_row(
                        function, **lease.fence, **arguments, venture_id=self.venture_id
                    )
        self._files.journal(lease, self.venture_id, function, arguments)
        return None

    async def move(self, state: str) -> None:
        """Say what the session is at: running, idle or requires_action."""
        if state != self._state:
            await self.write("save_session", state=state)
            self._state = state

    async def tell_hooks(self, ledger: Ledger) -> None:
        """Tell the database what hooks ran; while it is away they are counted here."""
        if self._lease is None or self._is_away or not (rows := ledger.take()):
            return
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.engine.call(
                    "report_hooks", **self._lease.fence, hooks=rows, venture_id=self.venture_id
                )
        except (HoldfastError, TimeoutError, OSError):
            ledger.put_back(rows)

    async def end(self, reason: str) -> None:
        """The agent program says that the session is over."""
        await self._let_go("end_session", reason)

    async def interrupt(self, reason: str) -> None:
        """The agent program is gone without a word; whoever resumes the session need not wait for its lease."""
        await self._let_go("interrupt_session", reason)

    async def _let_go(self, function: str, reason: str) -> None:
        if self._lease is None:
            return
        with contextlib.suppress(Refused):  # somebody has it already
            await self.write(function, reason=reason)
        self._lease = None
        self._files.forget(self.venture_id)

    def keep_claim(self, claim: Claim) -> None:
        """Let commands know what was claimed."""
        self._files.keep(self.lease, self.venture_id, claim=cached(claim))

    def drop_claim(self) -> None:
        """Let commands know that the session holds nothing."""
        self._files.keep(self.lease, self.venture_id, claim=None)

    async def _ask(self) -> None:
        await self._was_tried.wait()
        if self._hf is None:
            raise DatabaseUnavailable(self.problem)
        is_heard, self._is_heard = self._is_heard, False
        # What the session wrote while the database was away comes before anything new.
        if self._files.has_journal:
            sent = await send_journal(Path(self._task.project), self.engine)
            if isinstance(sent.stopped_by, AWAY):
                raise sent.stopped_by
            self._notes += sent.lines
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
        tree = read_work_tree(Path(self._task.project))
        try:
            started = await self.sessions.start(
                session_id=self._task.session_id,
                agent=self._task.program,
                metadata={
                    "branch": tree.branch,
                    "folder": self._task.project,
                    "worktree": tree.folder and str(tree.folder),
                },
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
        self._files.keep(started.lease, self.venture_id, branch=tree.branch)
        if started.resumed:
            self.away_since = started.away_since
            await self._restore_claim(started.lease)
        await self._reconcile()

    async def _reconcile(self) -> None:
        """Bring the project's files to what the database says; the git branch is only told."""
        project = Project(Path(self._task.project), self.engine, self.venture_id)
        with contextlib.suppress(HoldfastError):
            found = await settle(project, self._task.session_id, fix=True, switch_branch=False)
            self._notes += [one.line for one in found]

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
            self.drop_claim()
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
            self.drop_claim()
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
        # A session without a claim can take nothing from another.
        if time.monotonic() < self._sure_until or self.claim is None:
            return Holding()
        return Unsure(f"the database is away ({self.problem})")
