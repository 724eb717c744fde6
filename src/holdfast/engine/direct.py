"""Connections to databases that are not ours: somebody's own, which is looked at or changed.

What is asked of them stands in `sql/targets/`; statements with their names in them are put together by their server.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from holdfast.config import Settings
from holdfast.engine import connections, texts
from holdfast.engine.calls import Row
from holdfast.engine.connections import Connection
from holdfast.errors import HoldfastError, TargetRefused, TargetUnavailable

TIMED_OUT, LOCKED, FORBIDDEN = "57014", "55P03", "42501"
# What a connection says when it, or its server, is going away.
_AWAY = ("08", "57P", "28", "3D000", "53300")

_Result = TypeVar("_Result")


class Target:
    """One connection to somebody's database."""

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection = connection
        self.url = url
        self.version = connection.get_server_version().major

    @property
    def address(self) -> str:
        """Where it is, without the password."""
        return connections.without_password(self.url)

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Ask `sql/targets/<query>.sql`."""
        return await self.fetch(texts.target_query(query), *arguments)

    async def fetch(self, statement: str, /, *arguments: Any) -> list[Row]:
        """Run a statement that the server itself put together.

        Raises:
            TargetRefused: the server said no; `detail` has the SQLSTATE.
            TargetUnavailable: the connection is gone.
        """
        rows: list[Any] = await self._asked(lambda: self._connection.fetch(statement, *arguments))
        return rows

    async def execute(self, script: str) -> None:
        """Run somebody's SQL as it stands, one statement or several."""
        await self._asked(lambda: self._connection.execute(script))

    @asynccontextmanager
    async def looking(
        self, *, statement_seconds: float | None = None, lock_seconds: float = 5.0
    ) -> AsyncIterator[None]:
        """A transaction that sees one moment, changes nothing, and refuses to see only a part of a table's rows."""
        async with self._transaction(isolation="repeatable_read", readonly=True):
            await self.read("looking", statement_seconds or 0, lock_seconds)
            yield

    @asynccontextmanager
    async def changing(
        self, *, statement_seconds: float | None = None, lock_seconds: float = 3.0
    ) -> AsyncIterator[None]:
        """A transaction that waits for locks only so long: behind it everybody else would wait."""
        async with self._transaction(isolation="read_committed"):
            await self.read("changing", statement_seconds or 0, lock_seconds)
            yield

    @asynccontextmanager
    async def _transaction(self, **options: Any) -> AsyncIterator[None]:
        transaction = self._connection.transaction(**options)
        await self._asked(transaction.start)
        try:
            yield
        except BaseException:
            if not self._connection.is_closed():
                await self._asked(transaction.rollback)
            raise
        await self._asked(transaction.commit)

    async def _asked(self, action: Callable[[], Awaitable[_Result]]) -> _Result:
        try:
            return await action()
        except connections.DRIVER_ERRORS as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> HoldfastError:
        sqlstate = getattr(error, "sqlstate", None)
        if isinstance(error, asyncpg.PostgresError) and sqlstate and not sqlstate.startswith(_AWAY):
            return refusal(error)
        if isinstance(error, asyncpg.DataError | ValueError) and not self._connection.is_closed():
            return TargetRefused(f"{error}.", detail={"sqlstate": "22000"})
        return _away(self.url, error)


@asynccontextmanager
async def connected(url: str, settings: Settings) -> AsyncIterator[Target]:
    """A connection to somebody's database.

    Raises:
        TargetUnavailable: nobody answers there, or the answer is no.
    """
    try:
        connection = await _open(url, settings)
    except connections.DRIVER_ERRORS as error:
        raise _away(url, error) from error
    try:
        yield Target(connection, url)
    finally:
        # A cancelled statement must not keep the server busy, nor a dead server us.
        connection.terminate()


def beside(url: str, database: str) -> str:
    """The address of another database on the same server.

    >>> beside("postgresql://me@host:5432/one?sslmode=require", "two")
    'postgresql://me@host:5432/two?sslmode=require'
    """
    return re.sub(r"^(\w+://[^/?]*)/?[^?]*", rf"\1/{database}", url)


def refusal(error: asyncpg.PostgresError) -> TargetRefused:
    """What the server said, in its words."""
    parts = [error.message or str(error), getattr(error, "detail", None)]
    return TargetRefused(
        " ".join(f"{part.rstrip('.')}." for part in parts if part),
        hint=getattr(error, "hint", None),
        detail={
            "sqlstate": error.sqlstate,
            "constraint": getattr(error, "constraint_name", None),
            "position": getattr(error, "position", None),
        },
    )


async def _open(url: str, settings: Settings) -> Connection:
    arguments = connections.connect_arguments(settings) | {"statement_cache_size": 0}
    connection: Connection = await asyncpg.connect(url, **arguments)
    try:
        await connections.prepare(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


def _away(url: str, error: Exception) -> TargetUnavailable:
    what = (str(error) or type(error).__name__).rstrip(".")
    return TargetUnavailable(
        f"The database at {connections.without_password(url)} cannot be reached: {what}.",
        hint="Check the address, the password and the network.",
    )
