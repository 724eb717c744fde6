"""Following the feed: position first, then the state, so that nothing between the two is missed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.engine.background import Background
from holdfast.engine.backoff import Backoff
from holdfast.errors import HoldfastError
from holdfast.live.feed import Tailing, follow
from holdfast.top.freshness import Freshness

LEAST_PAUSE_SECONDS = 0.1
_PAUSE_PER_LOOK = 3  # a large fleet may not keep a processor busy
# A lease that ran out has no event before the reaper has seen it.
LOOK_AGAIN_SECONDS = 2.0


class Follower(Background):
    """Hears every event of a venture, and says whenever something changed."""

    name = "top's feed"

    def __init__(self, hf: Holdfast, venture_id: UUID, freshness: Freshness) -> None:
        super().__init__()
        self._hf = hf
        self._venture_id = venture_id
        self._freshness = freshness
        self.changed = asyncio.Event()

    async def _go_on(self) -> None:
        backoff = Backoff()
        while True:
            tail = follow(
                self._hf.engine,
                venture_id=self._venture_id,
                since=None,
                on_connect=self._connected,
                on_lost=self._lost,
            )
            try:
                await self._follow(tail, backoff)
            except HoldfastError:  # the state is read anew, from a new position
                self._lost()
            await backoff.wait()

    async def _follow(self, tail: Tailing, backoff: Backoff) -> None:
        async with contextlib.aclosing(aiter(tail)) as items:
            async for event, _ in items:
                backoff.succeeded()
                self._freshness.heard((datetime.now(UTC) - event.time).total_seconds())
                self.changed.set()

    def _connected(self) -> None:
        self._freshness.has("feed")
        self.changed.set()

    def _lost(self) -> None:
        self._freshness.lacks("feed", datetime.now(UTC))
        self.changed.set()


class Looker(Background):
    """Looks at the state whenever something changed, at most some times a second."""

    name = "top's look"

    def __init__(
        self,
        follower: Follower,
        freshness: Freshness,
        *,
        look: Callable[[], Awaitable[None]],
        show: Callable[[], None],
    ) -> None:
        super().__init__()
        self._follower = follower
        self._freshness = freshness
        self._look = look
        self._show = show

    async def _go_on(self) -> None:
        while True:
            began_at = time.monotonic()
            self._follower.changed.clear()  # before the look: what happens meanwhile is looked at again
            try:
                await self._look()
                self._freshness.has("state")
            except HoldfastError:
                self._freshness.lacks("state", datetime.now(UTC))
            self._show()
            took_seconds = time.monotonic() - began_at
            await asyncio.sleep(max(LEAST_PAUSE_SECONDS, _PAUSE_PER_LOOK * took_seconds))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await self._follower.changed.wait()
