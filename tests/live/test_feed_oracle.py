"""The oracle: of everything that was committed, every reader must get each event once, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from uuid import UUID

import pytest

from holdfast.config import Settings
from holdfast.engine import connections, migrate
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.tail import Tail
from tests.support.crashing import CrashableServer, crashable_server
from tests.support.feed import (
    AFTER_THE_HIGHEST,
    BELOW_XMIN,
    FAULTLESS,
    LOST,
    TAKE_XID,
    WRITE,
    Key,
    NaiveReader,
    Writers,
    ask,
    judge,
    key,
    new_streams,
    until,
    writing,
    written,
)
from tests.support.servers import binaries_of

WRITERS = 16
STREAMS = 60
KILLS = 4
ACKNOWLEDGED_BETWEEN_KILLS = 500


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[CrashableServer]:
    with crashable_server(binaries_of(request.config.getoption("--postgres"))) as server:
        yield server


@pytest.fixture
async def crashing_engine(server: CrashableServer) -> AsyncIterator[PostgresEngine]:
    await server.start()
    connection = await connections.connect(server.url, Settings())
    await migrate.migrate(connection)
    await connection.close()
    engine = PostgresEngine(server.url, settings=Settings())
    await engine.open()
    yield engine
    await engine.close()


class Follower:
    """A reader that stays, or one that leaves after every few events and returns with its cursor."""

    def __init__(self, engine: PostgresEngine, *, stays_for: int | None) -> None:
        self.delivered: list[Key] = []
        self.returns = 0
        self._engine = engine
        self._stays_for = stays_for

    async def follow(self) -> None:
        since = "start"
        while True:
            stay = 0
            tail = Tail(self._engine, venture_id=None, since=since, poll_seconds=0.005)
            async with aclosing(tail.__aiter__()) as items:
                async for event, cursor in items:
                    self.delivered.append(key(event))
                    since, stay = str(cursor), stay + 1
                    if stay == self._stays_for:
                        break
            self.returns += 1


async def test_each_event_is_delivered_once_and_in_order_whatever_happens(
    server: CrashableServer, crashing_engine: PostgresEngine
) -> None:
    venture_id: UUID = await crashing_engine.call_value("open_venture", slug="acme")
    streams = await new_streams(crashing_engine, venture_id, STREAMS)
    staying = Follower(crashing_engine, stays_for=None)
    returning = Follower(crashing_engine, stays_for=97)
    after_the_highest = NaiveReader(server.url, AFTER_THE_HIGHEST)
    below_xmin = NaiveReader(server.url, BELOW_XMIN)
    writers = Writers(server.url, venture_id, streams[2:], seed=20261120)

    readers = [staying.follow(), returning.follow(), *map(read, (after_the_highest, below_xmin))]
    tasks = [asyncio.create_task(reader) for reader in readers]
    await commit_the_earlier_id_last(server.url, venture_id, streams, after_the_highest)
    await write_a_stream_against_the_order_of_ids(server.url, venture_id, streams[0])
    await write_while_the_server_is_killed(server, writers, slow_stream=streams[1])

    truth = await written(server.url)
    await settle(lambda: min(len(staying.delivered), len(returning.delivered)) >= len(truth))
    for reader in (after_the_highest, below_xmin):
        await reader.poll()
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}, "a reader gave up by itself"

    assert writers.acknowledged <= truth, "what was acknowledged is durable"
    assert judge(staying.delivered, truth) == FAULTLESS
    assert judge(returning.delivered, truth) == FAULTLESS
    # The judge can see a fault, and these two cursors have them.
    assert judge(after_the_highest.delivered, truth).missed > 0
    assert judge(below_xmin.delivered, truth).reordered > 0
    # And the run was the one that was meant.
    assert len(truth) > 500
    assert writers.rolled_back > 10
    assert returning.returns > 10


async def write_while_the_server_is_killed(
    server: CrashableServer, writers: Writers, *, slow_stream: UUID
) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(writers.write(number))
        group.create_task(writers.write_slowly(slow_stream, 2.0))
        for kill in range(KILLS + 1):
            if kill:
                await server.restart_after_kill()
            enough = len(writers.acknowledged) + ACKNOWLEDGED_BETWEEN_KILLS
            await until(lambda e=enough: len(writers.acknowledged) >= e, "the writers wrote")  # type: ignore[misc]
        writers.stop()


async def commit_the_earlier_id_last(
    url: str, venture_id: UUID, streams: list[UUID], reader: NaiveReader
) -> None:
    """A transaction takes its id, a later one commits and is read, then the first one commits."""
    async with writing(url) as (first, earlier), writing(url) as (second, later):
        await first.fetchval(WRITE, streams[0], venture_id)
        seq = await second.fetchval(WRITE, streams[1], venture_id)
        await later.commit()
        await until(lambda: (streams[1], seq) in reader.delivered, "the later one was read")
        await earlier.commit()


async def write_a_stream_against_the_order_of_ids(url: str, venture_id: UUID, stream: UUID) -> None:
    """Of two transactions the one with the higher id writes first."""
    async with writing(url) as (first, low), writing(url) as (second, high):
        await first.fetchval(TAKE_XID)
        await second.fetchval(WRITE, stream, venture_id)
        await high.commit()
        await first.fetchval(WRITE, stream, venture_id)
        await low.commit()


async def read(reader: NaiveReader) -> None:
    while True:
        with contextlib.suppress(*LOST):
            await reader.poll()
        await asyncio.sleep(0.005)


async def settle(condition: Callable[[], bool]) -> None:
    """Give the readers the time they need; the verdict says what is wrong if it is not enough."""
    with contextlib.suppress(AssertionError):
        await until(condition, "the readers caught up", seconds=40)


ROLLED_BACK = """
do $$ begin for i in 1..200 loop perform pg_current_xact_id(); rollback; end loop; end $$
"""
HIGHEST_ID = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


async def test_ids_that_are_given_out_again_after_a_crash_are_not_passed_by(
    server: CrashableServer, crashing_engine: PostgresEngine
) -> None:
    venture_id: UUID = await crashing_engine.call_value("open_venture", slug="acme")
    [stream] = await new_streams(crashing_engine, venture_id, 1)
    tail = Tail(crashing_engine, venture_id=None, since="start")
    for _ in range(20):  # a crash may come too late: then nothing is given out again
        await ask(server.url, ROLLED_BACK)
        _ = [item async for item in tail.backlog()]
        highest = await ask(server.url, HIGHEST_ID)
        await server.restart_after_kill()
        seq = await ask(server.url, WRITE, stream, venture_id)

        delivered = [event async for event, _ in tail.backlog()]

        assert [key(event) for event in delivered] == [(stream, seq)]
        if delivered[0].xid < highest:
            return
    pytest.fail("no crash made the server give an id out again")
