"""A session that tools are called in, and its lease."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import time
from datetime import UTC, datetime

from holdfast.engine.background import Background
from holdfast.errors import HoldfastError, LeaseLost
from holdfast.mcp.door import Room
from holdfast.model.sessions import SessionLease, StartedSession
from holdfast.sync.cache import CachedSession
from holdfast.sync.keeping import lease_of

BEATS_PER_LEASE = 3
_INCARNATION = "mcp "


class Seat(Background):
    """A session and its lease; once started, it is beaten for as long as the server runs."""

    name = "session beat"

    def __init__(
        self, session: CachedSession, *, room: Room, ours: bool, lease_seconds: float
    ) -> None:
        super().__init__()
        self.session = session
        self.room = room
        self.ours = ours
        """Whether this server has started the session, and may start it again."""
        self.lease_seconds = lease_seconds
        self.used_at = time.monotonic()

    @property
    def lease(self) -> SessionLease:
        """What every call of the session carries."""
        return lease_of(self.session)

    async def again(self) -> None:
        """Start a session of our own anew whose lease ran out.

        Raises:
            AlreadyClaimed: another run of it lives.
        """
        started = await self.room.sessions.start(
            session_id=self.session.session_id,
            incarnation=incarnation(),
            lease_seconds=self.lease_seconds,
        )
        self.session = dataclasses.replace(
            self.session, epoch=started.lease.epoch, token=started.lease.token
        )

    async def beat(self) -> None:
        """Renew the lease."""
        await self.room.sessions.renew(self.lease, lease_seconds=self.lease_seconds)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self.lease_seconds / BEATS_PER_LEASE)
            with contextlib.suppress(HoldfastError):  # who calls a tool is told
                await self._beat_or_begin_again()

    async def _beat_or_begin_again(self) -> None:
        try:
            await self.beat()
        except LeaseLost:
            if self.ours:
                await self.again()


def new_session(started: StartedSession, room: Room) -> CachedSession:
    """A session that this server has just started, as the cache keeps it."""
    return CachedSession(
        session_id=started.lease.session_id,
        venture_id=room.venture_id,
        epoch=started.lease.epoch,
        token=started.lease.token,
        claim=None,
        branch=None,
        incarnation=incarnation(),
        updated_at=datetime.now(UTC),
    )


def incarnation() -> str:
    """What the cache says of whom a lease was given to: this server."""
    return f"{_INCARNATION}{os.getpid()}"


def is_a_servers(session: CachedSession) -> bool:
    """Whether a lease was given to a server like this one, and not to hooks or to a command."""
    return (session.incarnation or "").startswith(_INCARNATION)


def is_left(session: CachedSession) -> bool:
    """Whether the server that a lease was given to is gone."""
    try:
        os.kill(int((session.incarnation or "").removeprefix(_INCARNATION)), 0)
    except (ProcessLookupError, ValueError):
        return True
    except PermissionError:
        pass
    return False
