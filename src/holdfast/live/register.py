"""`active_subscriptions`: who follows the feed, written a little later and all at once, to look at."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from holdfast.engine.background import Background
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError
from holdfast.live.scope import Scope

Transport: TypeAlias = Literal["websocket", "sse", "python"]
COALESCE_SECONDS = 1.0
REPEAT_SECONDS = 60.0
MOST = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One subscription as the table has it."""

    scope: Scope
    user: str | None
    transport: Transport
    id: UUID = dataclasses.field(default_factory=uuid.uuid4)
    created_at: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        """The entry as `report_subscriptions` takes it."""
        return {
            "venture_id": str(self.scope.venture_id),
            "id": str(self.id),
            "user_id": self.user,
            "transport": self.transport,
            "scope": self.scope.as_json(),
            "created_at": self.created_at.isoformat(),
        }


class Register(Background):
    """Says which subscriptions this process serves, whenever that has changed and once a minute."""

    name = "register of subscriptions"

    def __init__(self, engine: PostgresEngine) -> None:
        super().__init__()
        self._engine = engine
        self._gateway_id = uuid.uuid4()
        self._entries: dict[UUID, Entry] = {}
        self._changed = asyncio.Event()

    def add(self, entry: Entry) -> None:
        """Note a subscription; returns at once."""
        self.start()
        self._entries[entry.id] = entry
        self._changed.set()

    def remove(self, entry: Entry) -> None:
        """Forget a subscription; removing it twice is safe."""
        self._entries.pop(entry.id, None)
        self._changed.set()

    async def stop(self) -> None:
        """Say that nothing is served any more, and end; stopping twice is safe."""
        was_running = self._task is not None
        await super().stop()
        self._entries.clear()
        if was_running:
            await self._report()

    async def _go_on(self) -> None:
        while True:
            self._changed.clear()
            await self._report()
            await asyncio.sleep(COALESCE_SECONDS)
            try:
                async with asyncio.timeout(REPEAT_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _report(self) -> None:
        newest = list(self._entries.values())[-MOST:]
        rows = [entry.as_json() for entry in newest]
        try:
            await self._engine.call(
                "report_subscriptions", gateway_id=self._gateway_id, subscriptions=rows
            )
        except HoldfastError:
            self._changed.set()  # it is only looked at; the next report says all of it
