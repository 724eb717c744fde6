"""The door to the database: every change is a call of one SQL function, every read a named query."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from holdfast.config import Settings
from holdfast.engine import connections, failpoints, texts
from holdfast.engine.connections import Connection
from holdfast.engine.doorbell import Doorbell
from holdfast.engine.pool import Pool
from holdfast.errors import DatabaseUnavailable

Row: TypeAlias = asyncpg.Record

# Deadlocks and serialisation failures left nothing behind; the same call may be made again.
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_MOST_TRIES = 5
# A beat changes nothing that anybody waits for.
_QUIET = frozenset({"renew_leases", "reap", "ensure_partitions"})


class PostgresEngine:
    """Calls of the engine's functions over a pool of connections.

    One call is one round trip and one transaction: when it returns, its change is on disk.
    """

    def __init__(self, url: str, *, settings: Settings) -> None:
        self.url = url
        self._settings = settings
        self._pool: Pool | None = None
        self._doorbell = Doorbell(self.execute)

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
        pool, self._pool = self._pool, None
        if pool is not None:
            await self._doorbell.stop()
            await pool.close()

    async def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Call `holdfast.<function>` with named arguments, without their `p_`.

        Raises:
            Refused: the database refused; nothing was changed.
            DatabaseError: the database could not do it.
        """
        statement = _call_statement(function, tuple(arguments))
        failpoints.reached("before", function)
        rows = await self._fetch(statement, arguments.values())
        failpoints.reached("after", function)
        if function not in _QUIET:
            self._doorbell.ring()
        return rows

    async def call_row(self, function: str, /, **arguments: Any) -> Row:
        """Call a function that answers with one row."""
        rows = await self.call(function, **arguments)
        assert len(rows) == 1, f"{function} gave {len(rows)} rows"
        return rows[0]

    async def call_value(self, function: str, /, **arguments: Any) -> Any:
        """Call a function that answers with one value."""
        return (await self.call_row(function, **arguments))[0]

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Run the named query `sql/queries/<query>.sql`."""
        return await self._fetch(texts.query(query), arguments)

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Run a statement of the engine's own, such as the doorbell's."""
        await self._fetch(statement, arguments)

    @asynccontextmanager
    async def own_connection(self) -> AsyncIterator[Connection]:
        """A connection outside the pool, for who must keep one: the tail, the migrator."""
        connection = await connections.connect(self.url, self._settings)
        try:
            yield connection
        finally:
            connection.terminate()

    async def _fetch(self, statement: str, arguments: Any) -> list[Row]:
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable(
                "The connection is not open.",
                hint="Use it inside: async with holdfast.connect() as hf",
            )

        async def fetch() -> list[Row]:
            for tries in range(1, _MOST_TRIES + 1):
                try:
                    return await pool.fetch(statement, arguments)
                except _AGAIN:
                    if tries == _MOST_TRIES:
                        raise
            raise AssertionError

        return await connections.translated(fetch, self.url)


@functools.cache
def _call_statement(function: str, names: tuple[str, ...]) -> str:
    """The statement of a call.

    >>> _call_statement("release_supervisor", ("supervisor_id", "reason"))
    'select * from holdfast.release_supervisor(p_supervisor_id => $1, p_reason => $2)'
    """
    arguments = ", ".join(f"p_{name} => ${i}" for i, name in enumerate(names, start=1))
    return f"select * from holdfast.{function}({arguments})"
