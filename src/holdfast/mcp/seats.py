"""Which session a tool call is of, and under whose lease.

A session that hooks or commands have started is in the project's cache with its lease, and that one is used. Where
there is none the server starts a session itself, keeps it alive while it runs, and gives it up when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable

from holdfast.errors import HoldfastError, LeaseLost, NotFound
from holdfast.mcp.caller import Caller
from holdfast.mcp.door import Entrance, Room
from holdfast.mcp.seat import Seat, incarnation, is_a_servers, is_left, new_session
from holdfast.model.tools import HeldWork
from holdfast.sessions.service import LEASE_SECONDS
from holdfast.sync import keeping
from holdfast.sync.cache import Cache, CachedClaim, CachedSession

logger = logging.getLogger("holdfast")


class Seats:
    """The sessions of one server, by the name that the agent program gives them."""

    def __init__(self, door: Entrance, cache: Cache) -> None:
        self._door = door
        self._cache = cache
        self._seats: dict[str | None, Seat] = {}
        self._lock = asyncio.Lock()

    async def of(self, caller: Caller) -> Seat:
        """The seat of a caller.

        Raises:
            AlreadyClaimed: its session lives under a lease that is not known here.
            DatabaseError: there is no database to be had now.
        """
        async with self._lock:
            room = await self._door.open()
            kept = self._kept(caller, room)
            seat = self._seats.get(caller.session)
            if seat is not None and seat.ours and not _is_overtaken(seat, kept):
                seat.used_at = time.monotonic()
                return seat
            if kept is None or is_a_servers(kept):
                found = await self._own(caller, room, kept)
            else:
                found = self._guest(kept, room, seat)
            if seat is not None and seat is not found:
                await seat.stop()
            self._seats[caller.session] = found
            return found

    async def again(self, seat: Seat) -> None:
        """Start a session of our own anew whose lease ran out."""
        await seat.again()
        self._keep(seat)

    def keep_claim(self, seat: Seat, held: HeldWork | None) -> None:
        """What the database says of a session's claim goes into the cache, for commands and hooks."""
        claim = None if held is None else CachedClaim(**dataclasses.asdict(held))
        known = seat.session.claim
        if claim == known:
            return
        seat.session = session = dataclasses.replace(seat.session, claim=claim)
        if claim is not None:
            self._try(lambda: keeping.keep(self._cache, session, claim=claim))
        elif known is not None:
            self._try(lambda: keeping.forget_claim(self._cache, session, known))

    async def leave(self) -> None:
        """Give up the sessions that the server has started; leaving twice is safe."""
        async with self._lock:
            for name in list(self._seats):
                await self._leave(name)

    async def leave_unused(self, seconds: float) -> bool:
        """Give up those that nobody has called in for so long; whether any is left."""
        async with self._lock:
            since = time.monotonic() - seconds
            for name in [name for name, seat in self._seats.items() if seat.used_at <= since]:
                await self._leave(name)
            return bool(self._seats)

    async def _leave(self, name: str | None) -> None:
        seat = self._seats.pop(name)
        await seat.stop()
        if seat.ours:
            with contextlib.suppress(HoldfastError):  # then its lease ends by itself
                await self._give_up(seat, resumable=name is not None)

    async def _give_up(self, seat: Seat, *, resumable: bool) -> None:
        give_up = seat.room.sessions.interrupt if resumable else seat.room.sessions.end
        await give_up(seat.lease, reason="its MCP server ended")
        self._cache.update(seat.session.session_id, seat.room.venture_id, lambda _: None)

    def _kept(self, caller: Caller, room: Room) -> CachedSession | None:
        if caller.session is None:
            return None
        return self._cache.read().find(caller.session, room.venture_id)

    def _guest(self, kept: CachedSession, room: Room, seat: Seat | None) -> Seat:
        """A session that others have started. Hooks beat for theirs; for one of a command there is nobody else."""
        if seat is not None and not seat.ours:
            seat.session = kept
            return seat
        of_command = kept.incarnation is None
        seconds = LEASE_SECONDS if of_command else self._door.lease_seconds
        found = Seat(kept, room=room, ours=False, lease_seconds=seconds)
        if of_command:
            found.start()
        return found

    async def _own(self, caller: Caller, room: Room, kept: CachedSession | None) -> Seat:
        """A session of our own; one that a server before us has left without a word is gone on with."""
        seconds = self._door.lease_seconds
        if kept is not None and is_left(kept):
            seat = Seat(kept, room=room, ours=True, lease_seconds=seconds)
            try:
                await seat.beat()
            except (LeaseLost, NotFound):  # it ran out, or the cache is of another database
                await seat.again()
        else:
            started = await room.sessions.start(
                session_id=caller.session,
                agent=caller.agent,
                incarnation=incarnation(),
                lease_seconds=seconds,
            )
            session = new_session(started, room)
            seat = Seat(session, room=room, ours=True, lease_seconds=seconds)
        self._keep(seat)
        seat.start()
        return seat

    def _keep(self, seat: Seat) -> None:
        session = seat.session
        lease = {"epoch": session.epoch, "token": session.token}
        self._try(lambda: keeping.keep(self._cache, session, **lease, incarnation=incarnation()))

    def _try(self, change: Callable[[], None]) -> None:
        try:
            change()
        except HoldfastError as error:  # the server itself knows; commands and hooks will not
            logger.warning("%s", error)


def _is_overtaken(seat: Seat, kept: CachedSession | None) -> bool:
    """Whether somebody else has started the session since."""
    return kept is not None and kept.epoch > seat.session.epoch
