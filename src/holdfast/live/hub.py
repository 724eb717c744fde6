"""The hub: one tail in a process, many subscribers.

It follows the feed of all ventures, keeps what happened last, and hands every event to those who asked for it. A
subscriber joins between two batches only, at the hub's own place, so nothing is given to it twice and nothing is left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol, TypeAlias
from uuid import UUID

from holdfast.engine.background import Background
from holdfast.engine.backoff import Backoff
from holdfast.engine.postgres import PostgresEngine, Row
from holdfast.errors import HoldfastError
from holdfast.live.chunks import Chunk
from holdfast.live.cursor import Cursor, FeedReset
from holdfast.live.giving_way import HandingOut
from holdfast.live.healing import Healer
from holdfast.live.items import Item
from holdfast.live.reader import event_of
from holdfast.live.register import Register
from holdfast.live.replays import Replays
from holdfast.live.ring import Ring, Step
from holdfast.live.sweep import Sweep
from holdfast.live.switchboard import Switchboard
from holdfast.live.tail import POLL_SECONDS, Tail

# A batch of more than this is not kept for those who come back.
MOST_KEPT = 20_000

logger = logging.getLogger("holdfast")


class Source(Protocol):
    """Where a hub has the feed from."""

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands; unset before it has taken up its position."""

    def chunks(self) -> AsyncGenerator[Chunk]:
        """Every event of all ventures from there, for ever."""


MakeSource: TypeAlias = Callable[[Callable[[], None]], Source]
"""Makes a source that calls what it is given whenever it has taken up its position."""


class Hub(Background):
    """Where subscriptions join the feed."""

    name = "hub"

    def __init__(
        self,
        engine: PostgresEngine,
        *,
        poll_seconds: float = POLL_SECONDS,
        make_source: MakeSource | None = None,
    ) -> None:
        """Nothing is read before somebody needs it; without a source of its own choice it reads the database."""
        super().__init__()
        self.switchboard = Switchboard()
        self.ring = Ring()
        self.replays = Replays(engine)
        self.register = Register(engine)
        self.onlookers: set[Callable[[list[Item]], None]] = set()
        """Who is shown everything, of all ventures."""
        self._engine = engine
        self._poll_seconds = poll_seconds
        self._make_source = make_source or self._make_tail
        self._cursor: Cursor | None = None
        self._is_between = False
        self._moved = asyncio.Event()
        self._counts: Counter[UUID] = Counter()
        self._kept: list[Item] | None = []
        self._healer = Healer(engine)
        self._sweep = Sweep(engine, self._healer, hand_out=self.switchboard.deliver)

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands, if it stands between two batches: what came before was handed out."""
        return self._cursor if self._is_between else None

    async def settled(self) -> Cursor:
        """Where it stands, as soon as it stands between two batches."""
        self.start()
        self._sweep.start()
        while (cursor := self.cursor) is None:
            await self.moved()
        return cursor

    async def moved(self) -> None:
        """Return when it has gone on."""
        await self._moved.wait()

    async def stop(self) -> None:
        """End it; stopping twice is safe."""
        await super().stop()
        await self._sweep.stop()
        await self.register.stop()
        await self.replays.close()

    async def _go_on(self) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._follow(backoff)
            except HoldfastError as error:
                logger.warning("The hub begins anew: %s", error)
                self._begin_anew(error.reason if isinstance(error, FeedReset) else str(error))
            await backoff.wait()

    async def _follow(self, backoff: Backoff) -> None:
        source = self._make_source(lambda: self._stand_at(source.cursor))
        async with aclosing(source.chunks()) as chunks:
            async for chunk in chunks:
                backoff.succeeded()
                handing_out = HandingOut()
                await self._take(chunk)
                await asyncio.sleep(0)  # let the writers write before more is read
                if chunk.is_last:
                    await asyncio.sleep(handing_out.rest_seconds())

    def _make_tail(self, on_connect: Callable[[], None]) -> Source:
        return Tail(
            self._engine,
            venture_id=None,
            since=None,
            poll_seconds=self._poll_seconds,
            on_connect=on_connect,
        )

    def _stand_at(self, cursor: Cursor | None) -> None:
        if self._cursor is None:
            self._go_to(cursor)

    def _go_to(self, cursor: Cursor | None) -> None:
        self._cursor = cursor
        self._is_between = True
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _begin_anew(self, reason: str) -> None:
        self._cursor, self._is_between = None, False
        self.ring.clear()
        self._healer.clear()
        for selection in self.switchboard:
            for receiver in tuple(selection.receivers):
                receiver.begin_anew(reason)

    async def _take(self, chunk: Chunk) -> None:
        self._is_between = False
        if chunk.skipped == 0:
            self._counts.clear()
            self._kept = []
        items = await self._healer.healed([self._item(chunk, row) for row in chunk.rows])
        self.switchboard.deliver(items)
        for onlooker in tuple(self.onlookers):
            onlooker(items)
        self._keep(items)
        if chunk.is_last:
            self._healer.place = chunk.end
            self._remember(chunk)
            self._go_to(chunk.cursor)

    def _item(self, chunk: Chunk, row: Row) -> Item:
        """An event with its cursor in the feed of its venture."""
        venture_id = row["venture_id"]
        self._counts[venture_id] += 1
        cursor = chunk.begin.after(chunk.end, self._counts[venture_id], row["venture_size"])
        return Item(event_of(row), cursor)

    def _keep(self, items: list[Item]) -> None:
        if self._kept is not None:
            self._kept += items
            if len(self._kept) > MOST_KEPT:
                self._kept = None

    def _remember(self, chunk: Chunk) -> None:
        if self._kept is None:
            self.ring.clear()
        else:
            step = Step(begin=chunk.begin.seen, end=chunk.end, items=tuple(self._kept))
            self.ring.add(step)
