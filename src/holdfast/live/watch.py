"""Waking who waits for a change: one tail for a whole process, many waiters.

A waiter registers its interest first and looks at the state afterwards; what changes after the look wakes it. The
wake-up itself says nothing: whoever is woken looks again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseError, FeedReset
from holdfast.live.tail import Tail
from holdfast.model.events import Event

LOOK_AGAIN_SECONDS = 0.2


class Wake:
    """One waiter's bell."""

    def __init__(self) -> None:
        self._rang = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiter, now or at its next wait."""
        self._rang.set()

    async def wait(self, seconds: float) -> None:
        """Return when rung, or after some time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rang.wait()
        self._rang.clear()


class Watch:
    """Rings the bells of those who are interested in an event's stream, or in what it is about."""

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine
        self._waiters: defaultdict[str, set[Wake]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._following = asyncio.Event()

    @asynccontextmanager
    async def interest(self, ids: Iterable[UUID]) -> AsyncIterator[Wake]:
        """A bell that rings when one of these changes, as long as the block runs."""
        wake = Wake()
        keys = [str(one) for one in ids]
        for key in keys:
            self._waiters[key].add(wake)
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="holdfast watch")
        await self._following.wait()
        try:
            yield wake
        finally:
            for key in keys:
                self._waiters[key].discard(wake)
                if not self._waiters[key]:
                    del self._waiters[key]

    async def stop(self) -> None:
        """Stop following; stopping twice is safe."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        while True:
            tail = Tail(self._engine, venture_id=None, since=None)
            try:
                tail.cursor = await tail.begin()
                self._following.set()
                self._ring_all()
                async for event, _ in tail:
                    self._ring(event)
            except (FeedReset, DatabaseError):  # another history, or none: whoever waits looks again
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def _ring(self, event: Event) -> None:
        for key in (str(event.stream_id), event.data.get("question_id"), event.data.get("execution_id")):
            for wake in self._waiters.get(key, ()) if isinstance(key, str) else ():
                wake.ring()

    def _ring_all(self) -> None:
        for waiters in self._waiters.values():
            for wake in waiters:
                wake.ring()
