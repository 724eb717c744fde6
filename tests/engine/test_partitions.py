"""Partitions come and go beside the work, and never hold it up."""

from __future__ import annotations

import asyncpg
import pytest

from tests.support.sql import connected

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
        await connection.execute("select holdfast.ensure_partitions()")
        assert await connection.fetchval(where) == "events_2040w01"


async def test_history_is_dropped_once_it_is_older_than_it_must_be_kept(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute("select holdfast.create_execution('old')")
        await connection.execute("select holdfast.drop_old_partitions(90)")
        assert await connection.fetchval("select count(*) from holdfast.events") == 1
        await connection.execute(LATER)
        await connection.execute("select holdfast.drop_old_partitions(90)")
        assert await connection.fetchval("select count(*) from holdfast.events") == 0
