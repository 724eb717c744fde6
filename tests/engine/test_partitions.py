"""Partitions come and go beside the work, and never hold it up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.support.sql import connected, until_waiting

LATER = "set holdfast.now = '2040-01-02 12:00+00'"


@pytest.mark.parametrize(
    "duty", ["select holdfast.ensure_partitions()", "select holdfast.drop_old_partitions(1)"]
)
async def test_who_cannot_have_a_partitions_lock_gives_up_before_writers_queue_behind_it(
    holdfast_url: str, duty: str
) -> None:
    async with connected(holdfast_url) as reader, connected(holdfast_url) as keeper:
        await keeper.execute(LATER)
        async with reader.transaction():
            await reader.execute("select count(*) from holdfast.events")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await keeper.execute(duty)
        await keeper.execute(duty)


async def test_rows_that_came_before_their_partition_are_moved_into_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute(LATER)
        await connection.execute("select holdfast.create_execution('early')")
        where = "select tableoid::regclass::text from holdfast.events where time >= '2040-01-01'"
        assert await connection.fetchval(where) == "events_default"
        await connection.execute(
            "set holdfast.now = '2039-12-31 12:00+00'"
        )  # the clock is put back
        await connection.execute("select holdfast.ensure_partitions()")
        assert await connection.fetchval(where) == "events_2040w01"


async def test_a_partition_that_is_being_made_refuses_nobody_who_writes(holdfast_url: str) -> None:
    async with connected(holdfast_url) as writer, connected(holdfast_url) as keeper:
        for connection in (writer, keeper):
            await connection.execute(LATER)
        async with keeper.transaction():
            await keeper.execute("select holdfast.ensure_partitions()")
            # It waits for the keeper's locks, having chosen the partition that it writes to.
            writing = asyncio.create_task(writer.execute("select holdfast.create_execution('one')"))
            await until_waiting(keeper, writer)
        await writing
        assert await keeper.fetchval(
            "select count(*) from pg_class where relname = 'events_2040w02'"
        )


async def test_history_is_dropped_once_it_is_older_than_it_must_be_kept(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute("select holdfast.create_execution('old')")
        await connection.execute("select holdfast.drop_old_partitions(90)")
        assert await connection.fetchval("select count(*) from holdfast.events") == 1
        await connection.execute(LATER)
        await connection.execute("select holdfast.drop_old_partitions(90)")
        assert await connection.fetchval("select count(*) from holdfast.events") == 0


async def test_weeks_are_the_same_whatever_the_time_zone_and_through_its_winter(
    holdfast_url: str,
) -> None:
    bounds = """
    select pg_get_expr(c.relpartbound, c.oid) from pg_class c
    where c.relispartition and c.relkind = 'r' and c.relname ~ '^events_2040' order by c.relname
    """
    monday = datetime(2040, 10, 1, tzinfo=UTC)
    async with connected(holdfast_url) as connection:
        await connection.execute("set timezone = 'Europe/Berlin'")
        for week in range(9):
            await connection.execute(f"set holdfast.now = '{monday + timedelta(weeks=week)}'")
            await connection.execute("select holdfast.ensure_partitions()")
        await connection.execute("set timezone = 'UTC'")
        found = [row[0] for row in await connection.fetch(bounds)]
    weeks = [monday + timedelta(weeks=week) for week in range(1, 13)]
    assert found == [
        f"FOR VALUES FROM ('{begin:%F %T}+00') TO ('{begin + timedelta(weeks=1):%F %T}+00')"
        for begin in weeks
    ]


async def test_no_hour_is_dropped_early_where_the_day_begins_early(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute("set timezone = 'Pacific/Kiritimati'")
        await connection.execute("set holdfast.now = '2039-12-31 12:00+00'")
        await connection.execute("select holdfast.ensure_partitions(1)")
        await connection.execute("set holdfast.now = '2040-01-08 23:00+00'")  # its week's last hour
        await connection.execute("select holdfast.create_execution('late')")
        kept = "select count(*) from holdfast.events where time >= '2040-01-01'"
        await connection.execute("set holdfast.now = '2040-01-09 22:00+00'")
        await connection.execute("select holdfast.drop_old_partitions(1)")
        assert await connection.fetchval(kept) == 1
        await connection.execute("set holdfast.now = '2040-01-10 01:00+00'")
        await connection.execute("select holdfast.drop_old_partitions(1)")
        assert await connection.fetchval(kept) == 0
