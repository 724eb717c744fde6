"""Writers of events, readers that are known to be wrong, and the judge over all of them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from holdfast.engine.calls import Calls
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.cursor import Cursor
from holdfast.live.tail import Tail
from holdfast.model.events import Event
from tests.support.patience import PATIENCE_SECONDS

Key: TypeAlias = tuple[UUID, int]

# What a broken connection to a killed server raises.
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

WRITE = "select holdfast.record_metrics($1, p_input_tokens => 1, p_venture_id => $2)"
TAKE_XID = "select pg_current_xact_id()::text"


async def new_streams(engine: Calls, venture_id: UUID, count: int) -> list[UUID]:
    """Executions that run without a lease: each accepts `WRITE`, which is one event."""
    streams = []
    for number in range(count):
        stream = await engine.call_value(
            "create_execution", name=f"work {number}", venture_id=venture_id
        )
        await engine.call("start_execution", execution_id=stream, venture_id=venture_id)
        streams.append(stream)
    return streams


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """A connection with a transaction that the test commits or rolls back."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection, transaction
    finally:
        connection.terminate()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was wrong with what a reader was given."""

    missed: int
    duplicated: int
    reordered: int
    invented: int


FAULTLESS = Verdict(missed=0, duplicated=0, reordered=0, invented=0)


def judge(delivered: list[Key], written: set[Key]) -> Verdict:
    """Compare what a reader was given with what the table says in the end."""
    times = Counter(delivered)
    newest: dict[UUID, int] = {}
    reordered = 0
    for stream, seq in delivered:
        reordered += seq < newest.get(stream, 0)
        newest[stream] = max(seq, newest.get(stream, 0))
    return Verdict(
        missed=len(written - times.keys()),
        duplicated=sum(count - 1 for count in times.values()),
        reordered=reordered,
        invented=len(times.keys() - written),
    )


class NaiveReader:
    """A cursor that looks right: the highest xid so far, or the snapshot's xmin."""

    def __init__(self, url: str, query: str) -> None:
        self.delivered: list[Key] = []
        self._url = url
        self._query = query
        self._last = 0

    async def poll(self) -> None:
        """Read what it takes for new."""
        connection = await asyncpg.connect(self._url)
        try:
            rows = await connection.fetch(self._query, str(self._last))
        finally:
            await connection.close()
        self.delivered.extend((row["stream_id"], row["seq"]) for row in rows if row["seq"])
        self._last = max([self._last, *(row["last"] for row in rows)])


# `id > last`: what commits later with a lower id is missed.
AFTER_THE_HIGHEST = """
select stream_id, seq, xid::text::bigint as last from holdfast.events
where xid > $1::text::xid8 order by xid, seq
"""
# Nothing is missed behind xmin, but a stream's order is not its transactions' order.
BELOW_XMIN = """
select e.stream_id, e.seq, pg_snapshot_xmin(s)::text::bigint as last
from pg_current_snapshot() as s left join holdfast.events e
    on e.xid >= $1::text::xid8 and e.xid < pg_snapshot_xmin(s)
order by e.xid, e.seq
"""


class Writers:
    """Many connections that write, sleep in their transactions, roll back, and lose their server."""

    def __init__(
        self,
        url: str,
        venture_id: UUID,
        streams: list[UUID],
        *,
        seed: int,
        pause_seconds: float = 0.0,
    ) -> None:
        self.acknowledged: set[Key] = set()
        self.rolled_back = 0
        self._url = url
        self._venture_id = venture_id
        self._streams = streams
        self._seed = seed
        self._pause_seconds = pause_seconds
        """Between two transactions of a writer."""
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Let each finish its transaction."""
        self._stopped.set()

    async def write(self, number: int) -> None:
        """Be one of the writers until they are stopped."""
        chance = random.Random(self._seed + number)  # its own, so that a failure can be repeated
        while not self._stopped.is_set():
            with contextlib.suppress(*LOST):
                connection = await asyncpg.connect(self._url)
                try:
                    while not self._stopped.is_set():
                        await self._transaction(connection, chance)
                        await asyncio.sleep(self._pause_seconds)
                finally:
                    connection.terminate()
            await asyncio.sleep(0.01)

    async def write_slowly(self, stream: UUID, seconds: float) -> None:
        """Write in one long transaction after the other."""
        while not self._stopped.is_set():
            with contextlib.suppress(*LOST):
                async with writing(self._url) as (connection, transaction):
                    seq = await connection.fetchval(WRITE, stream, self._venture_id)
                    await connection.execute("select pg_sleep($1)", seconds)
                    await transaction.commit()
                    self.acknowledged.add((stream, seq))
            await asyncio.sleep(0.01)  # a refused connection would not let anybody else run

    async def _transaction(self, connection: Any, chance: random.Random) -> None:
        # In one order, so that no two writers wait for each other.
        streams = sorted(chance.sample(self._streams, chance.randint(1, 3)))
        transaction = connection.transaction()
        await transaction.start()
        if chance.random() < 0.3:  # takes its id long before it has the lock on the stream
            await connection.fetchval(TAKE_XID)
            await connection.execute("select pg_sleep($1)", chance.random() * 0.02)
        keys = []
        for stream in streams:
            keys.append((stream, await connection.fetchval(WRITE, stream, self._venture_id)))
            if chance.random() < 0.3:
                await connection.execute("select pg_sleep($1)", chance.random() * 0.02)
        if chance.random() < 0.1:
            await transaction.rollback()
            self.rolled_back += 1
            return
        await transaction.commit()
        self.acknowledged.update(keys)


async def written(url: str) -> set[Key]:
    """Every event that is in the table."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select stream_id, seq from holdfast.events")
    finally:
        await connection.close()
    return {(row["stream_id"], row["seq"]) for row in rows}


def key(event: Event) -> Key:
    """What makes an event one of its kind."""
    return event.stream_id, event.seq


async def take(tail: Tail, count: int) -> list[tuple[Event, Cursor]]:
    """The next events of a tail."""
    taken: list[tuple[Event, Cursor]] = []
    async with aclosing(tail.__aiter__()) as items:
        while len(taken) < count:
            async with asyncio.timeout(PATIENCE_SECONDS):
                taken.append(await anext(items))
    return taken


async def backlog(
    engine: PostgresEngine, *, venture_id: UUID | None, since: Cursor | str
) -> list[tuple[Event, Cursor]]:
    """Everything that there is after a cursor."""
    tail = Tail(engine, venture_id=venture_id, since=since)
    async with aclosing(tail.backlog()) as items:
        return [item async for item in items]


async def until(
    condition: Callable[[], Awaitable[bool] | bool], what: str, *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Poll until a condition holds."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                holds = condition()
                if holds if isinstance(holds, bool) else await holds:
                    return
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} seconds: {what}") from None


async def write_batch(url: str, venture_id: UUID, streams: list[UUID], *, each: int) -> None:
    """Write `each` events to every stream in one transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "select holdfast.record_metrics(s, p_input_tokens => 1, p_venture_id => $2)"
            " from unnest($1::uuid[]) as s, generate_series(1, $3)",
            streams,
            venture_id,
            each,
        )
    finally:
        await connection.close()


async def ask(url: str, statement: str, *arguments: Any) -> Any:
    """One value from the database, over a connection of its own that rings no doorbell."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


END_ALL_OTHERS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
IDLE_IN_TRANSACTION = """
select count(*) from pg_stat_activity
where datname = current_database() and state = 'idle in transaction'
"""
