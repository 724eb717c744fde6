"""Sessions and claims: what a session does, each one call of one SQL function."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Calls, Row
from holdfast.engine.holding import holder_name
from holdfast.errors import NotFound
from holdfast.model.directives import DirectivePhase
from holdfast.model.sessions import (
    Beat,
    Claim,
    Mechanism,
    Session,
    SessionLease,
    SessionState,
    StartedSession,
)

LEASE_SECONDS = 900.0
"""How long a session that is known by its commands lives between two of them."""
MOST_SESSIONS = 500


class SessionService:
    """The sessions of one venture."""

    def __init__(self, engine: Calls, venture_id: UUID) -> None:
        self._engine = engine
        self._venture_id = venture_id

    async def start(
        self,
        *,
        session_id: str | None = None,
        agent: str | None = None,
        metadata: dict[str, Any] | None = None,
        holder: str | None = None,
        incarnation: str | None = None,
        reopen: bool = False,
        lease_seconds: float = LEASE_SECONDS,
    ) -> StartedSession:
        """Start a session under a new id, or give the named one that was lost a new lease.

        Args:
            session_id: the agent program's own name for it; unset makes one.
            agent: the agent program.
            metadata: what it says of itself, merged into what is known.
            holder: what people are told of who holds its lease; unset means this process.
            incarnation: the agent program's process; the same one may start its session again.
            reopen: whether one that has ended may go on: its program resumes it.
            lease_seconds: how long it lasts without a heartbeat.

        Raises:
            AlreadyClaimed: a run of that session lives.
            IllegalMove: it has ended.
        """
        session_id = session_id or str(uuid.uuid4())
        row = await self._row(
            "start_session",
            session_id=session_id,
            agent=agent,
            holder=holder or holder_name(),
            metadata=metadata or {},
            lease_seconds=lease_seconds,
            reopen=reopen,
            incarnation=incarnation,
        )
        lease = SessionLease(session_id=session_id, epoch=row["epoch"], token=row["token"])
        return StartedSession(
            lease=lease,
            expires_at=row["expires_at"],
            resumed=row["resumed"],
            away_since=row["away_since"],
        )

    async def claim(
        self,
        lease: SessionLease,
        sd_key: str,
        *,
        take_over_reason: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Claim:
        """Claim a directive.

        Args:
            lease: the session's.
            sd_key: the directive's key.
            take_over_reason: why it is taken even from a living holder; unset means that it is not.
            lease_seconds: how long the claim lasts without a heartbeat.

        Raises:
            AlreadyClaimed: another session holds it, or this one holds another directive.
            Blocked: something else has to be finished first.
            IllegalMove: it is not active.
            NotFound: there is none with that key.
            LeaseLost: the session's lease is over.
        """
        return await self._claim(
            "claim_directive", lease, sd_key, take_over_reason=take_over_reason, lease_seconds=lease_seconds
        )  # fmt: skip

    async def switch(
        self,
        lease: SessionLease,
        sd_key: str,
        *,
        take_over_reason: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Claim:
        """Give back what the session holds and claim another directive, or do neither; refused as `claim` is."""
        return await self._claim(
            "switch_directive", lease, sd_key, take_over_reason=take_over_reason, lease_seconds=lease_seconds
        )  # fmt: skip

    async def release(
        self, sd_key: str, *, epoch: int, token: UUID, reason: str | None = None
    ) -> None:
        """Give a claim back.

        Raises:
            LeaseLost: it is not held under that token any more.
        """
        await self._row("release_directive", sd_key=sd_key, epoch=epoch, token=token, reason=reason)

    async def end(self, lease: SessionLease, *, reason: str | None = None) -> None:
        """End a session; what it holds is given back."""
        await self._row("end_session", **lease.fence, reason=reason)

    async def renew(
        self, lease: SessionLease, *, lease_seconds: float = LEASE_SECONDS, is_heard: bool = True
    ) -> Beat:
        """Renew the lease of a session and of what it holds; a declared silence is over once it is heard again."""
        row = await self._row(
            "renew_session", **lease.fence, lease_seconds=lease_seconds, is_heard=is_heard
        )
        return Beat(**dict(row))

    async def interrupt(self, lease: SessionLease, *, reason: str | None = None) -> None:
        """Give the lease up for whoever goes on with the session; what it holds is given back."""
        await self._row("interrupt_session", **lease.fence, reason=reason)

    async def declare_silence(
        self, lease: SessionLease, *, minutes: float, reason: str | None = None
    ) -> datetime:
        """Declare that nothing will be heard of the session for a while; gives until when its leases last.

        Raises:
            InvalidValue: that is longer than 45 minutes.
        """
        row = await self._row("declare_silence", **lease.fence, minutes=minutes, reason=reason)
        until: datetime = row[0]
        return until

    async def get(self, session_id: str) -> Session:
        """One session.

        Raises:
            NotFound: there is none with that id.
        """
        rows = await self._engine.read("session", self._venture_id, session_id)
        if not rows:
            raise NotFound(
                f"There is no session {session_id}.", hint="List them with: holdfast session list"
            )
        return _session(rows[0])

    async def listed(self, *, everything: bool = False) -> list[Session]:
        """The sessions that are not over, or all, the newest first."""
        rows = await self._engine.read("sessions", self._venture_id, everything, MOST_SESSIONS)
        return [_session(row) for row in rows]

    async def live_among(self, leases: list[SessionLease]) -> list[str]:
        """Which of some sessions live under the leases that are known of them."""
        rows = await self._engine.read(
            "live_among",
            self._venture_id,
            [lease.session_id for lease in leases],
            [lease.epoch for lease in leases],
        )
        return [row["session_id"] for row in rows]

    async def _claim(
        self, function: str, lease: SessionLease, sd_key: str, **arguments: Any
    ) -> Claim:
        row = await self._row(function, **lease.fence, sd_key=sd_key, **arguments)
        return Claim(
            sd_key=sd_key,
            epoch=row["epoch"],
            token=row["token"],
            phase=DirectivePhase(row["phase"]),
            expires_at=row["expires_at"],
            mechanism=Mechanism(row["mechanism"]),
            taken_from=row["taken_from"],
            released=row.get("released"),
        )

    async def _row(self, function: str, /, **arguments: Any) -> Row:
        return await self._engine.call_row(function, **arguments, venture_id=self._venture_id)


def _session(row: Row) -> Session:
    values = dict(row) | {"state": SessionState(row["state"])}
    values["phase"] = DirectivePhase(row["phase"]) if row["phase"] else None
    return Session(**values)
