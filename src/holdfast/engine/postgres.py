"""The door to the database: every change is a call of one SQL function, every read a named query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from holdfast.config import Settings
from holdfast.engine import connections, failpoints, texts
from holdfast.engine.acting import UserEngine
from holdfast.engine.calls import Engine, Row, call_statement, is_heard
from holdfast.engine.connections import Connection
from holdfast.engine.doorbell import Doorbell
from holdfast.engine.observing import Observers
from holdfast.engine.pool import Pool
from holdfast.engine.shapes import Shapes
from holdfast.errors import DatabaseUnavailable

__all__ = ["PostgresEngine", "Row"]

_Result = TypeVar("_Result")

# Deadlocks and serialisation failures left nothing behind; the same call may be made again.
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_MOST_TRIES = 5


class PostgresEngine(Engine):
    """Calls of the engine's functions over a pool of connections.

    One call is one round trip and one transaction: when it returns, its change is on disk.
    """

    def __init__(self, url: str, *, settings: Settings) -> None:
        self.url = url
        self._settings = settings
        self._pool: Pool | None = None
        self._doorbell = Doorbell(self._execute_now)
        self._shapes = Shapes(self._using)
        self.observers = Observers()

    async def open(self) -> None:
        """Connect; opening twice is safe."""
        if self._pool is None:
            pool = Pool(
                lambda: connections.connect(self.url, self._settings), size=self._settings.pool_size
            )
            await pool.open()
            self._pool = pool

    async def close(self) -> None:
        """Disconnect; closing twice is safe."""
        if self._pool is not None:
            await self._doorbell.stop()  # which still needs the pool
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Call `holdfast.<function>` with named arguments, without their `p_`.

        Raises:
            Refused: the database refused; nothing was changed.
            DatabaseError: the database could not do it.
        """
        statement = call_statement(function, tuple(arguments))
        failpoints.reached("before", function)
        with self.observers.observing(function):
            rows = await self._fetch(statement, arguments.values())
        failpoints.reached("after", function)
        if is_heard(function, rows):
            self._doorbell.ring()
        return rows

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Run the named query `sql/queries/<query>.sql`."""
        return await self._fetch(texts.query(query), arguments)

    def as_user(self, claims: Mapping[str, Any]) -> UserEngine:
        """The same calls, with the rights that a verified token's claims give."""
        return UserEngine(
            claims,
            shapes=self._shapes,
            fetch=self._fetch,
            on_called=self._doorbell.ring,
            observers=self.observers,
        )

    async def _execute_now(self, statement: str, *arguments: Any) -> None:
        """Run the doorbell's statement, which must not wait behind the writes that it tells of."""
        pool = self._pool
        if pool is not None:
            await connections.translated(
                lambda: pool.using_at_once(lambda one: one.execute(statement, *arguments)), self.url
            )

    @asynccontextmanager
    async def own_connection(self) -> AsyncIterator[Connection]:
        """A connection outside the pool, for who must keep one: the tail, the migrator."""
        connection = await connections.connect(self.url, self._settings)
        try:
            yield connection
        finally:
            connection.terminate()

    async def _fetch(self, statement: str, arguments: Any) -> list[Row]:
        async def fetch(connection: Connection) -> list[Row]:
            rows: list[Any] = await connection.fetch(statement, *arguments)
            return rows

        return await self._using(fetch)

    async def _using(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable(
                "The connection is not open.",
                hint="Use it inside: async with holdfast.connect() as hf",
            )

        async def using() -> _Result:
            for tries in range(1, _MOST_TRIES + 1):
                try:
                    return await pool.using(work)
                except _AGAIN:
                    if tries == _MOST_TRIES:
                        raise
            raise AssertionError

        return await connections.translated(using, self.url)
