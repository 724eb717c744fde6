"""A feed that cannot go on without leaving something out says so."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import aclosing
from uuid import UUID

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.live.cursor import FeedReset, Place
from holdfast.live.stream import read_stream
from holdfast.live.tail import Tail, position
from tests.support.feed import WRITE, ask, backlog, new_streams, take, write_batch

# What retention does, some years later.
DROP_ALL = """
with later as materialized (select set_config('holdfast.now', '2040-01-02 12:00+00', true))
select holdfast.drop_old_partitions(90) from later
"""
NEW_EPOCH = "update holdfast.feed_epoch set nonce = gen_random_uuid()"


@pytest.fixture
async def venture_id(engine: PostgresEngine) -> UUID:
    created: UUID = await engine.call_value("open_venture", slug="acme")
    return created


async def test_a_cursor_of_another_history_is_reset(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    since = await position(engine)
    await ask(engine.url, NEW_EPOCH)

    with pytest.raises(FeedReset, match="history of events is another one"):
        await backlog(engine, venture_id=venture_id, since=since)


async def test_a_tail_that_is_following_is_reset_when_the_history_changes(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    connected = asyncio.Event()
    tail = Tail(engine, venture_id=venture_id, since=None, on_connect=connected.set)
    taking = asyncio.create_task(take(tail, 1))
    await connected.wait()
    await ask(engine.url, NEW_EPOCH)

    with pytest.raises(FeedReset, match="history of events is another one"):
        await taking


async def test_a_cursor_that_is_ahead_of_the_database_is_reset(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    since = await position(engine)
    ahead = dataclasses.replace(since, seen=Place(next=since.seen.next + 10**6))

    with pytest.raises(FeedReset, match="ahead of the database"):
        await backlog(engine, venture_id=venture_id, since=ahead)


async def test_a_cursor_below_what_is_kept_is_reset(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 2)
    since = await position(engine)
    await write_batch(engine.url, venture_id, streams, each=2)
    await ask(engine.url, DROP_ALL)
    [late] = await new_streams(engine, venture_id, 1)

    with pytest.raises(FeedReset, match="older than the events that are kept"):
        await backlog(engine, venture_id=venture_id, since=since)
    rest = await backlog(engine, venture_id=venture_id, since="start")
    assert {event.stream_id for event, _ in rest} == {late}


async def test_a_cursor_that_has_seen_all_that_was_dropped_stays_good(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 1)
    await write_batch(engine.url, venture_id, streams, each=2)
    # Transactions of the tests beside this one are in flight too, on the same server.
    while (since := await position(engine)).seen.in_flight:
        await asyncio.sleep(0.05)
    await ask(engine.url, DROP_ALL)
    [late] = await new_streams(engine, venture_id, 1)

    rest = await backlog(engine, venture_id=venture_id, since=since)

    assert [(event.stream_id, event.seq) for event, _ in rest] == [(late, 1), (late, 2)]


async def test_a_cursor_that_waits_for_a_long_transaction_is_reset_when_that_is_dropped(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with engine.own_connection() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(WRITE, stream, venture_id)
        [_] = await new_streams(engine, venture_id, 1)  # newer, and seen
        since = await position(engine)
        await transaction.commit()
    await ask(engine.url, DROP_ALL)

    with pytest.raises(FeedReset, match="older than the events that are kept"):
        await backlog(engine, venture_id=venture_id, since=since)


async def test_a_cursor_in_a_batch_of_which_not_all_is_kept_is_reset(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 2)
    _, cursor = (await backlog(engine, venture_id=venture_id, since="start"))[-2]
    assert cursor.part is not None
    assert len(await backlog(engine, venture_id=venture_id, since=cursor)) == 1
    await ask(engine.url, "delete from holdfast.events where stream_id = $1", streams[0])

    with pytest.raises(FeedReset, match="no longer kept"):
        await backlog(engine, venture_id=venture_id, since=cursor)


async def test_a_batch_of_which_nothing_is_kept_is_reset(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    await new_streams(engine, venture_id, 2)
    _, cursor = (await backlog(engine, venture_id=venture_id, since="start"))[0]
    await ask(engine.url, "delete from holdfast.events")

    with pytest.raises(FeedReset, match="no longer kept"):
        await backlog(engine, venture_id=venture_id, since=cursor)


async def test_a_start_before_any_event_stays_good(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    await ask(engine.url, "delete from holdfast.events")
    since = await position(engine)
    [stream] = await new_streams(engine, venture_id, 1)

    rest = await backlog(engine, venture_id=venture_id, since=str(since))

    assert [(event.stream_id, event.seq) for event, _ in rest] == [(stream, 1), (stream, 2)]


async def test_a_stream_is_read_from_any_seq_on(engine: PostgresEngine, venture_id: UUID) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    await write_batch(engine.url, venture_id, [stream], each=510)  # more than one page

    for after in (0, 1, 500, 511, 512):
        async with aclosing(read_stream(engine, stream, after, venture_id=venture_id)) as events:
            assert [event.seq async for event in events] == list(range(after + 1, 513))


async def test_a_stream_whose_next_event_is_no_longer_kept_is_reset(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    await ask(engine.url, WRITE, stream, venture_id)
    await ask(engine.url, "delete from holdfast.events where seq < 3")

    with pytest.raises(FeedReset, match=f"event 2 of the stream {stream} is no longer kept"):
        _ = [event async for event in read_stream(engine, stream, 1, venture_id=venture_id)]
    assert [e.seq async for e in read_stream(engine, stream, 2, venture_id=venture_id)] == [3]
