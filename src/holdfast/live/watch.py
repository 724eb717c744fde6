"""Waking who waits in this process: one tail, many waiters."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, asynccontextmanager
from uuid import UUID

from holdfast.engine.background import Background
from holdfast.engine.backoff import Backoff
from holdfast.engine.calls import Engine
from holdfast.errors import HoldfastError
from holdfast.live.feed import follow
from holdfast.model.events import Event

# What an event may be about besides its own stream.
_MENTIONS = ("question_id", "execution_id", "rings")

logger = logging.getLogger("holdfast")


class Wake:
    """What one waiter waits on."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self, timeout_seconds: float | None = None) -> bool:
        """Return once something happened since it last returned; `False` if time ran out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()  # before the waiter looks: what happens while it looks wakes it again
        return True

    def ring(self) -> None:
        """Something happened."""
        self._event.set()


class Watch(Background):
    """Wakes waiters when an event of a stream they wait for came, or one that mentions it.

    Register first, then look at the state, then wait: whatever happens after the look wakes the
    waiter. Whenever the feed was begun anew, all are woken, so that none waits for an event of the
    time between.

        async with watch.interest([execution_id]) as wake:
            while not await is_over():
                await wake.wait()
    """

    name = "watch"

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._wakes: defaultdict[str, set[Wake]] = defaultdict(set)

    @property
    def waiting_for(self) -> set[str]:
        """The ids that somebody waits for."""
        return set(self._wakes)

    @asynccontextmanager
    async def interest(self, ids: Iterable[UUID | str]) -> AsyncGenerator[Wake]:
        """Be woken by what happens to these while the block runs."""
        wake, keys = Wake(), {str(id_) for id_ in ids}
        self.start()
        for key in keys:
            self._wakes[key].add(wake)
        try:
            yield wake
        finally:
            for key in keys:
                self._wakes[key].discard(wake)
                if not self._wakes[key]:
                    del self._wakes[key]

    async def _go_on(self) -> None:
        backoff = Backoff()
        while True:
            tail = follow(self._engine, venture_id=None, since=None, on_connect=self._wake_all)
            try:
                async with aclosing(aiter(tail)) as items:
                    async for event, _ in items:
                        backoff.succeeded()
                        self._wake(event)
            except HoldfastError as error:  # who waits still looks again from time to time
                logger.warning("The watch begins anew: %s", error)
            self._wake_all()
            await backoff.wait()

    def _wake(self, event: Event) -> None:
        for key in (str(event.stream_id), *(str(event.data.get(name)) for name in _MENTIONS)):
            for wake in self._wakes.get(key, ()):
                wake.ring()

    def _wake_all(self) -> None:
        for wakes in self._wakes.values():
            for wake in wakes:
                wake.ring()
