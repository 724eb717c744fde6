"""The way to the database, which may be away when the server starts and whenever a tool is called."""

from __future__ import annotations

import asyncio
import dataclasses
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.sessions.directives import DirectiveService
from holdfast.sessions.service import SessionService
from holdfast.sessions.tool_calls import ToolCallService


@dataclasses.dataclass(frozen=True, kw_only=True)
class Room:
    """What stands open behind the door."""

    hf: Holdfast
    venture_id: UUID
    sessions: SessionService
    directives: DirectiveService
    tools: ToolCallService


class Door:
    """Opens when it is first needed; what fails is tried again by the next call."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._room: Room | None = None
        self._lock = asyncio.Lock()

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
        room, self._room = self._room, None
        if room is not None:
            await room.hf.__aexit__(None, None, None)

    async def _entered(self) -> Room:
        hf = Holdfast(self.settings)
        await hf.__aenter__()
        try:
            venture_id = await hf.venture_id()
        except BaseException:
            await hf.__aexit__(None, None, None)
            raise
        return Room(
            hf=hf,
            venture_id=venture_id,
            sessions=SessionService(hf.engine, venture_id),
            directives=DirectiveService(hf.engine, venture_id),
            tools=ToolCallService(hf.engine, venture_id),
        )
