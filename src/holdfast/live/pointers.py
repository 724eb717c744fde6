"""The channel `agent_execution_updates`: pointers to what changed, for programs that only LISTEN.

They are rung after the commit by a process that follows the feed, never in the writer's transaction, and a stream that
changes often is pointed to once for all that waits. One process does it for a database; the others stand by.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from uuid import UUID

from holdfast.engine import texts
from holdfast.engine.background import Background
from holdfast.engine.backoff import Backoff
from holdfast.engine.connections import Connection, translated
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError
from holdfast.live.hub import Hub
from holdfast.live.items import Item

CHANNEL = "agent_execution_updates"
COALESCE_SECONDS = 0.02
STAND_BY_SECONDS = 2.0


class Pointers(Background):
    """Rings `{venture_id, stream, seq}` for every execution that changed."""

    name = "pointers"

    def __init__(self, engine: PostgresEngine, hub: Hub) -> None:
        super().__init__()
        self._engine = engine
        self._hub = hub
        self._newest: dict[UUID, str] = {}
        self._something = asyncio.Event()
        self.leads = asyncio.Event()
        """Set while this process rings."""

    async def stop(self) -> None:
        """End it; stopping twice is safe."""
        self._hub.onlookers.discard(self._see)
        await super().stop()

    def _see(self, items: Iterable[Item]) -> None:
        for item in items:
            event = item.event
            if event.stream == "execution":
                self._newest[event.stream_id] = json.dumps(
                    {
                        "venture_id": str(event.venture_id),
                        "stream": str(event.stream_id),
                        "seq": event.seq,
                    }
                )
                self._something.set()

    async def _go_on(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async with self._engine.own_connection() as connection:
                    await self._wait_to_lead(connection)
                    backoff.succeeded()
                    await self._ring_on(connection)
            except HoldfastError:
                self._hub.onlookers.discard(self._see)
                self.leads.clear()
            await backoff.wait()

    async def _wait_to_lead(self, connection: Connection) -> None:
        query = texts.query("lead_pointers")
        while True:
            if await translated(lambda: connection.fetchval(query)):
                return
            await asyncio.sleep(STAND_BY_SECONDS)

    async def _ring_on(self, connection: Connection) -> None:
        await self._hub.settled()
        self._hub.onlookers.add(self._see)
        self.leads.set()
        query = texts.query("ring_pointers")
        while True:
            await self._something.wait()
            self._something.clear()
            newest, self._newest = self._newest, {}
            pointers = list(newest.values())
            await translated(lambda told=pointers: connection.execute(query, told))  # type: ignore[misc]
            await asyncio.sleep(COALESCE_SECONDS)
