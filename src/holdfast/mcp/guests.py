"""Who calls tools over HTTP: each token's agents at a desk of their own, with that token's rights."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

from mcp.server.mcpserver import Context
from starlette.requests import Request

from holdfast.engine.acting import ACTING, Acting
from holdfast.engine.background import Background
from holdfast.engine.calls import Calls, Row
from holdfast.live.watch import Watch
from holdfast.mcp.caller import Caller
from holdfast.mcp.desk import Desk
from holdfast.mcp.door import Room, furnished
from holdfast.mcp.seats import Seats
from holdfast.mcp.tools import caller_from
from holdfast.sync.cache import Cache, CacheState, Change
from holdfast.sync.keeping import SESSION_VARIABLE

SESSION_HEADER = "holdfast-session"
UNUSED_SECONDS = 3600.0
_SWEEP_SECONDS = 60.0
_Key: TypeAlias = tuple[str, UUID]


class Guests(Background):
    """Every desk; a session that nobody calls in for an hour is given up."""

    name = "mcp guests"

    def __init__(self, watch: Watch, *, lease_seconds: float) -> None:
        super().__init__()
        self._watch = watch
        self._lease_seconds = lease_seconds
        self._guests: dict[_Key, _Guest] = {}

    def desk(self, ctx: Context) -> Desk:
        """The desk of the token that the request came with."""
        acting: Acting = _request(ctx).scope[ACTING]
        key = (acting.caller, acting.venture_id)
        guest = self._guests.get(key)
        if guest is None:
            guest = self._guests[key] = self._received(acting)
        guest.engine.latest = acting.engine
        return guest.desk

    def caller(self, ctx: Context, key: str | None) -> Caller:
        """Who calls: the session that a header names, else the agent program, else the connection."""
        headers = _request(ctx).headers
        caller = caller_from(ctx, {SESSION_VARIABLE: headers.get(SESSION_HEADER, "")}, key)
        connection = headers.get("mcp-session-id")
        if caller.session is None and connection is not None:
            return dataclasses.replace(caller, session=f"mcp-{connection}")
        return caller

    async def leave(self) -> None:
        """Give up every session; leaving twice is safe."""
        guests, self._guests = self._guests, {}
        await asyncio.gather(*(guest.seats.leave() for guest in guests.values()))

    async def leave_unused(self, seconds: float) -> None:
        """Give up the sessions that nobody has called in for so long."""
        for key, guest in list(self._guests.items()):
            if not await guest.seats.leave_unused(seconds):
                self._guests.pop(key, None)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            await self.leave_unused(UNUSED_SECONDS)

    def _received(self, acting: Acting) -> _Guest:
        engine = _Latest(acting.engine)
        room = furnished(
            engine, acting.venture_id, watch=self._watch, verification_timeout_seconds=None
        )
        seats = Seats(_Entered(room, self._lease_seconds), _NoCache())
        return _Guest(desk=Desk(seats), seats=seats, engine=engine)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Guest:
    desk: Desk
    seats: Seats
    engine: _Latest


class _Latest(Calls):
    """The engine of the newest request: what it may, the beats between requests may too, and no more."""

    def __init__(self, engine: Calls) -> None:
        self.latest = engine

    async def call(self, function: str, /, **arguments: Any) -> list[Row]:
        return await self.latest.call(function, **arguments)

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        return await self.latest.read(query, *arguments)


@dataclasses.dataclass(frozen=True)
class _Entered:
    """A room that is open already."""

    room: Room
    lease_seconds: float

    async def open(self) -> Room:
        return self.room


class _NoCache(Cache):
    """Whoever calls from another machine has no project here."""

    def __init__(self) -> None:
        super().__init__(Path())

    def read(self) -> CacheState:
        return CacheState()

    def update(self, session_id: str, venture_id: UUID, change: Change) -> None:
        """Keep nothing."""


def _request(ctx: Context) -> Request:
    request = ctx.request_context.request
    assert isinstance(request, Request)
    return request
