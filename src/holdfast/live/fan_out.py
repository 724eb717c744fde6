"""Many gateways, one reader: whoever is elected reads the feed and tells the others over the bus.

What is told is believed only where it begins at the very place where the listener stands. PostgreSQL is the log: whatever
the bus lost, doubled or reordered is read there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Literal, TypeAlias

from holdfast.engine.backoff import Backoff, patiently
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable
from holdfast.live.bus import Bus, Ear
from holdfast.live.chunks import Chunk, chunks_ahead, chunks_until, end_for
from holdfast.live.cursor import Cursor, Place
from holdfast.live.election import Election
from holdfast.live.reader import Reader
from holdfast.live.tail import POLL_SECONDS, Tail, end_of_feed, reading
from holdfast.live.told import Told, pack_told, unpack_told

QUIET_SECONDS = 2.0

Source: TypeAlias = Literal["database", "bus"]

logger = logging.getLogger("holdfast")


class SharedTail:
    """The events of all ventures from now on, as a `Tail` gives them, read by one gateway for all.

    A bus that is away, and a leader that died, delay it and lose nothing.
    """

    def __init__(
        self,
        engine: PostgresEngine,
        *,
        bus: Bus,
        election: Election,
        poll_seconds: float = POLL_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
        on_connect: Callable[[], None] = lambda: None,
        on_chunk: Callable[[Source], None] = lambda _: None,
    ) -> None:
        """Nothing is read before it is iterated.

        Args:
            engine: where the database is.
            bus: over which gateways tell each other; started and stopped by who made it.
            election: who of them reads; likewise.
            poll_seconds: how often the database is asked while the bus is away, or nobody tells.
            quiet_seconds: after how long without anything new from the bus the database is asked.
            on_connect: called whenever a position was taken up on a new connection.
            on_chunk: told for each chunk where it came from.
        """
        self._engine = engine
        self._bus = bus
        self._election = election
        self._poll_seconds = poll_seconds
        self._quiet_seconds = quiet_seconds
        self._on_connect = on_connect
        self._on_chunk = on_chunk
        self._cursor: Cursor | None = None
        self._database_id = 0
        self._is_current_until = 0.0
        self._is_told = True

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands; unset before it has taken up its position."""
        return self._cursor

    async def chunks(self) -> AsyncGenerator[Chunk]:
        """Every event, for ever, as many at a time as were read or told at once."""
        [row] = await patiently(lambda: self._engine.read("database_id"))
        self._database_id = row["id"]
        while True:
            source = self._lead() if self._election.leads else self._follow()
            async with aclosing(source) as chunks:
                async for chunk in chunks:
                    self._cursor = chunk.cursor
                    yield chunk

    @property
    def _subject(self) -> str:
        """Copies of a database have its epoch, and its transaction ids where they share a server."""
        assert self._cursor is not None
        return f"holdfast.feed.1.{self._cursor.epoch}.{self._database_id}"

    def _stand_at(self, cursor: Cursor | None) -> None:
        self._cursor = cursor
        self._on_connect()

    async def _lead(self) -> AsyncGenerator[Chunk]:
        """Read, and tell, until somebody else may have been elected."""
        tail = Tail(
            self._engine,
            venture_id=None,
            since=self._cursor,
            poll_seconds=self._poll_seconds,
            on_connect=lambda: self._stand_at(tail.cursor),
            goes_on=lambda: self._election.leads,
        )
        async with aclosing(tail.chunks()) as chunks:
            async for chunk in chunks:
                if chunk.is_last and self._bus.is_there:
                    await self._bus.publish(self._subject, pack_told(chunk))
                self._on_chunk("database")
                yield chunk

    async def _follow(self) -> AsyncGenerator[Chunk]:
        """Listen, and read what is missing, until elected."""
        backoff = Backoff()
        while not self._election.leads:
            try:
                async with reading(self._engine) as connection:
                    reader = Reader(connection, None)
                    self._stand_at(self._cursor or await end_of_feed(reader))
                    with self._bus.hearing(self._subject) as ear:
                        async with aclosing(self._listen(reader, ear, backoff)) as chunks:
                            async for chunk in chunks:
                                yield chunk
            except DatabaseUnavailable as error:
                logger.warning("The feed waits for the database: %s", error)
                await backoff.wait()

    async def _listen(self, reader: Reader, ear: Ear, backoff: Backoff) -> AsyncGenerator[Chunk]:
        async with aclosing(self._read(self._up_to(reader, None))) as chunks:
            async for chunk in chunks:
                yield chunk
        backoff.succeeded()
        while not self._election.leads:
            message = await ear.next(self._patience_seconds())
            async with aclosing(self._go_on(reader, message)) as chunks:
                async for chunk in chunks:
                    yield chunk

    def _patience_seconds(self) -> float:
        """How long to listen before the database is asked: not for long, where the bus brings nothing of what there is."""
        if not (self._bus.is_there and self._is_told):
            return self._poll_seconds
        return max(0.0, self._is_current_until - time.monotonic())

    async def _go_on(self, reader: Reader, message: bytes | None) -> AsyncGenerator[Chunk]:
        """What a message brings, or, after a silence or one that says nothing, the database."""
        assert self._cursor is not None
        told = unpack_told(message) if message else None
        if told is None:
            missing = chunks_ahead(reader, self._cursor)
        elif told.begin == self._cursor and told.chunk is not None:
            self._is_told = True
            self._is_current_until = time.monotonic() + self._quiet_seconds
            self._on_chunk("bus")
            yield told.chunk
            return
        elif self._has_passed(told):
            self._is_told = True
            return
        else:
            missing = self._up_to(reader, told)
        async with aclosing(self._read(missing)) as chunks:
            async for chunk in chunks:
                if message is None and chunk.rows:
                    self._is_told = False
                yield chunk

    def _has_passed(self, told: Told) -> bool:
        cursor = self._cursor
        assert cursor is not None
        return told.begin.epoch == cursor.epoch and cursor.seen.covers(told.end)

    async def _up_to(self, reader: Reader, told: Told | None) -> AsyncGenerator[Chunk]:
        """From the database: up to where the told batch ends, so that the next one begins here; else up to where the feed does."""
        assert self._cursor is not None
        end = await end_for(reader, self._cursor)
        if told is not None and self._leads_to(told, end):
            end = told.end
        async with aclosing(chunks_until(reader, self._cursor, end)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _leads_to(self, told: Told, end: Place) -> bool:
        """Whether the told batch ends between here and the end of the feed."""
        cursor = self._cursor
        assert cursor is not None
        is_of_this_feed = told.begin.epoch == cursor.epoch
        return is_of_this_feed and told.end.covers(cursor.seen) and end.covers(told.end)

    async def _read(self, missing: AsyncGenerator[Chunk]) -> AsyncGenerator[Chunk]:
        async with aclosing(missing) as chunks:
            async for chunk in chunks:
                self._on_chunk("database")
                yield chunk
        self._is_current_until = time.monotonic() + self._quiet_seconds
