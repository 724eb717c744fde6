"""Many gateways, one reader: whoever is elected reads the feed and tells the others over the bus.

PostgreSQL is the log: whatever the bus lost, doubled or reordered is read there.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from holdfast.engine.backoff import Backoff, patiently
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable
from holdfast.live.bus import Bus
from holdfast.live.chunks import Chunk
from holdfast.live.cursor import Cursor
from holdfast.live.election import Election
from holdfast.live.listening import QUIET_SECONDS, Listener, Source
from holdfast.live.reader import Reader
from holdfast.live.tail import POLL_SECONDS, Tail, end_of_feed, reading
from holdfast.live.told import pack_told

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
            election: who of them reads; stopped by who made it, and started when this is iterated: one that does not
                read must not be elected.
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

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands; unset before it has taken up its position."""
        return self._cursor

    async def chunks(self) -> AsyncGenerator[Chunk]:
        """Every event, for ever, as many at a time as were read or told at once."""
        [row] = await patiently(lambda: self._engine.read("database_id"))
        self._database_id = row["id"]
        self._election.start()
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
                    cursor = self._cursor or await end_of_feed(reader)
                    self._stand_at(cursor)
                    with (
                        self._bus.hearing(self._subject) as ear,
                        self._election.waking(lambda: ear.hear(b"")),
                    ):
                        listener = Listener(
                            reader,
                            ear,
                            cursor,
                            bus=self._bus,
                            poll_seconds=self._poll_seconds,
                            quiet_seconds=self._quiet_seconds,
                            on_chunk=self._on_chunk,
                        )
                        async with aclosing(self._listen(listener, backoff)) as chunks:
                            async for chunk in chunks:
                                yield chunk
            except DatabaseUnavailable as error:
                logger.warning("The feed waits for the database: %s", error)
                await backoff.wait()

    async def _listen(self, listener: Listener, backoff: Backoff) -> AsyncGenerator[Chunk]:
        async with aclosing(listener.catch_up()) as chunks:
            async for chunk in chunks:
                yield chunk
        backoff.succeeded()
        while not self._election.leads:
            async with aclosing(listener.next()) as chunks:
                async for chunk in chunks:
                    yield chunk
