"""Plain connections to a migrated database: calls of the engine's functions, the clock, and what changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from holdfast.config import Settings
from holdfast.engine import connections
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

Row: TypeAlias = asyncpg.Record

START = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


class Token(NamedTuple):
    """What proves that a lease is held."""

    epoch: int | None
    token: UUID | None


NO_TOKEN = Token(None, None)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """One connection of the test's own."""
    connection = await connections.connect(url, Settings())
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def connected_many(url: str, count: int) -> AsyncIterator[list[Connection]]:
    """Several connections, which run at once."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(url)) for _ in range(count)]


async def call(connection: Connection, function: str, /, **arguments: Any) -> list[Row]:
    """Call `holdfast.<function>` with arguments named without their `p_`; raises Holdfast's errors."""
    names = ", ".join(f"p_{name} => ${i}" for i, name in enumerate(arguments, start=1))
    statement = f"select * from holdfast.{function}({names})"
    rows: list[Row] = await connections.translated(
        lambda: connection.fetch(statement, *arguments.values())
    )
    return rows


async def call_row(connection: Connection, function: str, /, **arguments: Any) -> Row:
    (row,) = await call(connection, function, **arguments)
    return row


async def call_value(connection: Connection, function: str, /, **arguments: Any) -> Any:
    return (await call_row(connection, function, **arguments))[0]


async def call_apart(connection: Connection, function: str, /, **arguments: Any) -> list[Row]:
    """A call in a savepoint, so that its refusal leaves the transaction around it usable."""
    async with connection.transaction():
        return await call(connection, function, **arguments)


async def set_clock(connection: Connection, seconds: float = 0) -> datetime:
    """Set the connection's clock to so long after `START`."""
    time = START + timedelta(seconds=seconds)
    await connection.execute("select set_config('holdfast.now', $1, false)", time.isoformat())
    return time


async def one(connection: Connection, statement: str, /, *arguments: Any) -> Row:
    row = await connection.fetchrow(statement, *arguments)
    assert row is not None, f"no row: {statement} {arguments}"
    return row


async def tables_of(connection: Connection) -> list[str]:
    """Every table that rows are written to, partitions by their parent."""
    rows = await connection.fetch(
        "select relname from pg_class where relnamespace = 'holdfast'::regnamespace"
        " and relkind in ('r', 'p') and not relispartition order by relname"
    )
    return [row["relname"] for row in rows]


async def snapshot(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table."""
    selects = [
        f"select '{table}' as name, array(select t::text from holdfast.{table} t order by 1) as rows"
        for table in await tables_of(connection)
    ]
    return {r["name"]: r["rows"] for r in await connection.fetch(" union all ".join(selects))}


async def until_waiting(watcher: Connection, waiting: Connection, count: int = 1) -> None:
    """Look until a connection waits for so many others' locks."""
    pid = waiting.get_server_pid()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await watcher.fetchval("select cardinality(pg_blocking_pids($1))", pid) < count:
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{pid} did not wait within {PATIENCE_SECONDS:.0f} s") from None
