"""Where stories are played: calls in one venture, and a clock that goes from act to act.

A story is an async generator. It yields how many minutes before now its next act is; the acts of all stories are
played in the order of their times, so that the feed reads as it would have been written.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from tests.support.sql import call, call_row, call_value

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

Story: TypeAlias = AsyncIterator[float]
A_DAY_SECONDS = 86400.0


class Stage:
    """Calls in one venture, at the time at which the scene is."""

    def __init__(self, connection: Connection, venture_id: UUID) -> None:
        self.connection = connection
        self.venture_id = venture_id
        self.now = datetime.now(UTC)
        """The end of the scene."""
        self.met: dict[str, Any] = {}
        """What one story leaves for another, by name."""

    async def call(self, function: str, /, **arguments: Any) -> list[Any]:
        return await call(self.connection, function, **arguments, venture_id=self.venture_id)

    async def row(self, function: str, /, **arguments: Any) -> Any:
        return await call_row(self.connection, function, **arguments, venture_id=self.venture_id)

    async def value(self, function: str, /, **arguments: Any) -> Any:
        return await call_value(self.connection, function, **arguments, venture_id=self.venture_id)

    async def play(self, stories: Iterable[Story]) -> None:
        """Play the stories into each other, and leave the clock to the database."""
        order = itertools.count()
        due: list[tuple[float, int, Story]] = []
        for story in stories:
            await self._await_act(story, due, next(order))
        while due:
            minutes_before, number, story = heapq.heappop(due)
            await self.set_clock(-minutes_before)
            await self._await_act(story, due, number)
        await self.connection.execute("select set_config('holdfast.now', '', false)")

    async def set_clock(self, minutes_ago: float) -> None:
        time = self.now - timedelta(minutes=minutes_ago)
        await self.connection.execute(
            "select set_config('holdfast.now', $1, false)", time.isoformat()
        )

    async def _await_act(
        self, story: Story, due: list[tuple[float, int, Story]], number: int
    ) -> None:
        async for minutes_ago in story:
            heapq.heappush(due, (-minutes_ago, number, story))
            return
