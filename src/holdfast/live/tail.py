"""The tail of the feed: every event once, in order, resumable from any one of them.

A cursor is a snapshot, and what is new is the difference of two: the transactions that the later
one has seen and the earlier one has not. A batch is read whole before the next one begins. So a
long transaction delays only itself, and nothing can appear behind a cursor.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from uuid import UUID

from holdfast.engine.backoff import Backoff
from holdfast.engine.connections import Connection, translated
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable
from holdfast.live.bell import Bell
from holdfast.live.chunks import Chunk, Item, chunks_ahead, chunks_until, end_for
from holdfast.live.cursor import START, Cursor
from holdfast.live.reader import Reader

POLL_SECONDS = 0.25

logger = logging.getLogger("holdfast")


class Tail:
    """The events of one venture, or of all: an async iterator of `(Event, Cursor)`.

    The cursor stands behind its event: a tail that begins with `since=cursor` goes on with the next
    one. The loss of the database only delays it. Where it cannot go on without leaving something
    out, it raises `FeedReset`.
    """

    def __init__(
        self,
        engine: PostgresEngine,
        *,
        venture_id: UUID | None,
        since: Cursor | str | None,
        poll_seconds: float = POLL_SECONDS,
        on_connect: Callable[[], None] = lambda: None,
        on_lost: Callable[[], None] = lambda: None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Nothing is read before it is iterated.

        Args:
            engine: where the database is; the tail opens a connection of its own.
            venture_id: whose events; `None` for those of all ventures.
            since: a cursor or its text, "start" for all there is, `None` for what is to come.
            poll_seconds: how long to wait at most for the doorbell, which may be lost, or not be
                heard through a pooler.
            on_connect: called whenever a position was taken up on a new connection.
            on_lost: called whenever the database could not be reached.
            goes_on: asked between two batches; where it says no, the iterator ends.

        Raises:
            InvalidValue: the text is not a cursor.
        """
        self._engine = engine
        self._venture_id = venture_id
        self._from_start = since == "start"
        self._cursor = _parse(since)
        self._poll_seconds = poll_seconds
        self._on_connect = on_connect
        self._on_lost = on_lost
        self._goes_on = goes_on

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands; unset before it has taken up its position."""
        return self._cursor

    def __aiter__(self) -> AsyncGenerator[Item]:
        """Every event, for ever."""
        return self._each(self.chunks())

    def backlog(self) -> AsyncGenerator[Item]:
        """Every event that there is by now; ends where iterating the tail itself would wait."""
        return self._each(self._follow(endless=False))

    def chunks(self) -> AsyncGenerator[Chunk]:
        """Every event, for ever, as many at a time as were read at once."""
        return self._follow(endless=True)

    async def _each(self, chunks: AsyncGenerator[Chunk]) -> AsyncGenerator[Item]:
        async with aclosing(chunks):
            async for chunk in chunks:
                for event, cursor in chunk.items():
                    self._cursor = cursor
                    yield event, cursor

    async def _follow(self, *, endless: bool) -> AsyncGenerator[Chunk]:
        backoff = Backoff()
        while True:
            try:
                async with reading(self._engine) as connection:
                    bell = Bell(connection)
                    await bell.listen()
                    reader = Reader(connection, self._venture_id)
                    await self._take_up_position(reader)
                    backoff.succeeded()
                    self._on_connect()
                    has_kept_up = (
                        False  # what was written meanwhile may take the server long to sort
                    )
                    while True:
                        bell.forget()  # before looking: whoever rings from here on is heard
                        async with aclosing(self._advance(reader, has_kept_up)) as chunks:
                            async for chunk in chunks:
                                yield chunk
                        has_kept_up = True
                        if not (endless and self._goes_on()):
                            return
                        await bell.wait(self._poll_seconds)
            except DatabaseUnavailable as error:
                logger.warning("The feed waits for the database: %s", error)
                self._on_lost()
            await backoff.wait()

    async def _take_up_position(self, reader: Reader) -> None:
        cursor = self._cursor
        if cursor is None:
            end = await end_of_feed(reader)
            self._cursor = Cursor(epoch=end.epoch, seen=START) if self._from_start else end
            return
        await end_for(reader, cursor)

    async def _advance(self, reader: Reader, has_kept_up: bool) -> AsyncGenerator[Chunk]:
        """Every event up to where the feed ends now."""
        assert self._cursor is not None
        if has_kept_up and self._cursor.part is None:
            ahead = chunks_ahead(reader, self._cursor)
        else:
            ahead = chunks_until(reader, self._cursor, await end_for(reader, self._cursor))
        async with aclosing(ahead) as chunks:
            async for chunk in chunks:
                self._cursor = chunk.cursor
                yield chunk


async def position(engine: PostgresEngine) -> Cursor:
    """Where the feed ends now: take it, read the state, tail from it, and nothing is missed."""
    async with engine.own_connection() as connection:
        return await end_of_feed(Reader(connection, None))


@asynccontextmanager
async def reading(engine: PostgresEngine) -> AsyncGenerator[Connection]:
    """A connection of its own; a server that dies while it is made ready is unavailable too."""
    async with AsyncExitStack() as stack:
        opening = engine.own_connection()
        yield await translated(lambda: stack.enter_async_context(opening))


async def end_of_feed(reader: Reader) -> Cursor:
    """A cursor behind everything that there is."""
    end = await reader.end(0)
    return Cursor(epoch=end.epoch, seen=end.place)


def _parse(since: Cursor | str | None) -> Cursor | None:
    if isinstance(since, str):
        return None if since == "start" else Cursor.parse(since)
    return since
