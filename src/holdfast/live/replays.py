"""Reading history for who was away: a few at a time, over connections that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from uuid import UUID

from holdfast.engine.connections import Connection, translated
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.chunks import Chunk, chunks_until, end_for
from holdfast.live.cursor import Cursor, Place
from holdfast.live.reader import Reader, User

AT_ONCE = 4


class Replays:
    """Histories of single ventures; a thousand who come back at once wait for each other."""

    def __init__(self, engine: PostgresEngine, *, at_once: int = AT_ONCE) -> None:
        self._engine = engine
        self._room = asyncio.Semaphore(at_once)
        self._idle: list[tuple[Connection, AsyncExitStack]] = []

    async def close(self) -> None:
        """Close the connections that nobody uses; closing twice is safe."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    async def chunks(
        self, cursor: Cursor, place: Place, *, venture_id: UUID, user: User | None
    ) -> AsyncGenerator[Chunk]:
        """A venture's events from a cursor to a place, as a user may see them.

        Raises:
            FeedReset: some of them are no longer kept.
            DatabaseUnavailable: it was lost meanwhile; what was given is good.
        """
        async with self._connection() as connection:
            reader = Reader(connection, venture_id, user=user)
            await end_for(reader, cursor)
            async with aclosing(chunks_until(reader, cursor, place)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def require_kept(self, cursor: Cursor) -> None:
        """Raise `FeedReset` if the feed cannot go on from a cursor."""
        async with self._connection() as connection:
            await end_for(Reader(connection, None), cursor)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        async with self._room:
            connection, stack = await self._take()
            try:
                yield connection
            except BaseException:  # it may be in the middle of something
                await stack.aclose()
                raise
            self._idle.append((connection, stack))

    async def _take(self) -> tuple[Connection, AsyncExitStack]:
        while self._idle:
            connection, stack = self._idle.pop()
            if not connection.is_closed():
                return connection, stack
            await stack.aclose()
        stack = AsyncExitStack()
        opening = self._engine.own_connection()
        return await translated(lambda: stack.enter_async_context(opening)), stack
