"""The way to the database, which may be away when the server starts and whenever a tool is called."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Protocol
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.calls import Calls
from holdfast.live.watch import Watch
from holdfast.sessions.directives import DirectiveService
from holdfast.sessions.service import SessionService
from holdfast.sessions.tool_calls import ToolCallService


@dataclasses.dataclass(frozen=True, kw_only=True)
class Room:
    """What stands open behind the door."""

    watch: Watch
    venture_id: UUID
    sessions: SessionService
    directives: DirectiveService
    tools: ToolCallService
    verification_timeout_seconds: float | None
    """How long a verification may run; unset where the work is on another machine, and cannot be verified here."""


def furnished(
    engine: Calls, venture_id: UUID, *, watch: Watch, verification_timeout_seconds: float | None
) -> Room:
    """A room with its services on an engine."""
    return Room(
        watch=watch,
        venture_id=venture_id,
        sessions=SessionService(engine, venture_id),
        directives=DirectiveService(engine, venture_id),
        tools=ToolCallService(engine, venture_id),
        verification_timeout_seconds=verification_timeout_seconds,
    )


class Entrance(Protocol):
    """A way to the database."""

    @property
    def lease_seconds(self) -> float:
        """How long the leases of sessions last that are started behind it."""

    async def open(self) -> Room:
        """Go in."""


class Door:
    """Opens when it is first needed; what fails is tried again by the next call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hf: Holdfast | None = None
        self._room: Room | None = None
        self._lock = asyncio.Lock()

    @property
    def lease_seconds(self) -> float:
        """How long the leases of sessions last that are started behind it."""
        return self._settings.lease_seconds

    async def open(self) -> Room:
        """Go in.

        Raises:
            DatabaseError: there is no database to be had now.
        """
        async with self._lock:
            if self._room is None:
                self._room = await self._entered()
            return self._room

    async def close(self) -> None:
        """Leave; closing twice is safe."""
        hf, self._hf, self._room = self._hf, None, None
        if hf is not None:
            await hf.__aexit__(None, None, None)

    async def _entered(self) -> Room:
        hf = Holdfast(self._settings)
        await hf.__aenter__()
        try:
            venture_id = await hf.venture_id()
        except BaseException:
            await hf.__aexit__(None, None, None)
            raise
        self._hf = hf
        return furnished(
            hf.engine,
            venture_id,
            watch=hf.watch,
            verification_timeout_seconds=self._settings.verification_timeout_seconds,
        )
