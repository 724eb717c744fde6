"""The tail of the feed: reads the difference of successive snapshots, as `facts/feed.md` argues.

A committed event lies in exactly one difference, and each difference holds a prefix of what each stream has left, so
nothing is missed, doubled or reordered, whatever commits late, rolls back or crashes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from holdfast.engine import connections, texts
from holdfast.engine.connections import Connection
from holdfast.engine.doorbell import CHANNEL
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseError, FeedReset
from holdfast.live.cursor import Cursor, Seen
from holdfast.model.events import Event

POLL_SECONDS = 0.25
PREFETCH_ROWS = 500
LONGEST_BACKOFF_SECONDS = 5.0
START = "start"


class Tail:
    """Events with the cursor behind each, in order, for ever.

    Args:
        engine: the database; the tail keeps a connection of its own to it.
        venture_id: whose events; None means every venture's.
        since: a cursor or its text, "start" for all there is, or None for what happens from now on.

    Raises:
        FeedReset: that cursor is of another history, or retention has dropped what came after it.
    """

    def __init__(self, engine: PostgresEngine, *, venture_id: UUID | None, since: Cursor | str | None) -> None:
        self._engine = engine
        self._venture_id = venture_id
        self._from_start = since == START
        self.cursor: Cursor | None = None
        if not self._from_start:
            self.cursor = Cursor.parse(since) if isinstance(since, str) else since
        self._rang = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[tuple[Event, Cursor]]:
        failures = 0
        while True:
            try:
                async with self._engine.own_connection() as connection:
                    await self._listen(connection)
                    while True:
                        async for item in self._difference(connection):
                            failures = 0
                            yield item
                        await self._wait()
            except DatabaseError:
                failures += 1
                await asyncio.sleep(random.uniform(0, min(LONGEST_BACKOFF_SECONDS, 0.05 * 2**failures)))  # noqa: S311

    async def backlog(self) -> AsyncIterator[tuple[Event, Cursor]]:
        """What there is now, then the end."""
        async with self._engine.own_connection() as connection:
            in_the_middle = self.cursor is not None and self.cursor.until is not None
            async for item in self._difference(connection):
                yield item
            if in_the_middle:
                async for item in self._difference(connection):
                    yield item

    async def begin(self) -> Cursor:
        """Fix the place from which a tail without `since` reads; what happens after this is read."""
        async with self._engine.own_connection() as connection:
            async for _ in self._difference(connection):
                raise AssertionError("a tail that begins now has nothing behind it")
        assert self.cursor is not None
        return self.cursor

    async def _difference(self, connection: Connection) -> AsyncIterator[tuple[Event, Cursor]]:
        """One batch, or the rest of the one that the cursor stands in."""
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        try:
            await transaction.start()
            position = await connection.fetchrow(texts.query("feed_position"))
            begin, until = self._place(position)
            rows = connection.cursor(
                texts.query("feed_batch"),
                str(begin.seen.next),
                [str(xid) for xid in begin.seen.in_flight],
                str(until.next),
                [str(xid) for xid in until.in_flight],
                self._venture_id,
                prefetch=PREFETCH_ROWS,
            )
            delivered = 0
            async for row in rows:
                delivered += 1
                if delivered <= begin.delivered:
                    continue
                self.cursor = Cursor(begin.epoch, begin.seen, until, delivered)
                yield _event(row), self.cursor
            self.cursor = Cursor(begin.epoch, until)
            await transaction.rollback()
        except connections.DRIVER_ERRORS as error:
            raise connections.as_holdfast_error(error, self._engine.url) from error

    def _place(self, position: Any) -> tuple[Cursor, Seen]:
        """Where to read from, and up to where."""
        now = _seen(position)
        epoch = position["epoch"]
        if self.cursor is None:
            self.cursor = Cursor(epoch, Seen(0) if self._from_start else now)
        begin = self.cursor
        if begin.epoch != epoch:
            raise FeedReset(
                f"The cursor is of the history {begin.epoch}, and this database's is {epoch}.",
                hint="The database was restored or replaced: read the state anew.",
            )
        if 0 < begin.seen.next <= position["floor_xid"]:
            raise FeedReset(
                "Events after the cursor have been dropped by retention.", hint="Read the state anew."
            )
        # Without a new event the newest one stands below: the cursor never goes back.
        until = begin.until or (now if now.next >= begin.seen.next else begin.seen)
        return begin, until

    async def _listen(self, connection: Connection) -> None:
        await connections.translated(
            lambda: connection.add_listener(CHANNEL, lambda *_: self._rang.set()), self._engine.url
        )

    async def _wait(self) -> None:
        """Until somebody rang, or the poll is due: a lost ring costs milliseconds, not events."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._rang.wait()
        except TimeoutError:
            pass
        self._rang.clear()


def _seen(position: Any) -> Seen:
    """What a snapshot has seen, clamped to the newest event: numbers above it may be given again after a crash."""
    _, xmax, in_progress = position["snapshot"].split(":")
    following = min(int(xmax), (position["newest_xid"] or 0) + 1)
    in_flight = (int(xid) for xid in in_progress.split(",") if xid)
    return Seen(following, tuple(sorted(xid for xid in in_flight if xid < following)))


def _event(row: Any) -> Event:
    return Event(**dict(row.items()))


async def read_stream(
    engine: PostgresEngine, venture_id: UUID, stream_id: UUID, *, after_seq: int = 0, limit: int = 1000
) -> list[Event]:
    """The events of one stream after a seq, in order.

    Raises:
        FeedReset: the next one is not there any more.
    """
    events = [_event(row) for row in await engine.read("stream_events", venture_id, stream_id, after_seq, limit)]
    for expected, event in enumerate(events, start=after_seq + 1):
        if event.seq != expected:
            raise FeedReset(f"After {expected - 1} comes {event.seq} in the stream {stream_id}.", hint="Read the state anew.")
    return events
