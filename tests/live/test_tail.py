from __future__ import annotations

import asyncio
import dataclasses
from contextlib import aclosing
from uuid import UUID

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.live import reader
from holdfast.live.tail import Tail, position
from tests.support.feed import (
    END_ALL_OTHERS,
    FAULTLESS,
    IDLE_IN_TRANSACTION,
    TAKE_XID,
    WRITE,
    Key,
    ask,
    backlog,
    judge,
    key,
    new_streams,
    take,
    until,
    write_batch,
    writing,
)
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
async def venture_id(engine: PostgresEngine) -> UUID:
    created: UUID = await engine.call_value("open_venture", slug="acme")
    return created


async def test_resuming_from_any_event_gives_the_rest_once_and_in_order(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 4)
    tail = Tail(engine, venture_id=venture_id, since="start")
    delivered = [item async for item in tail.backlog()]
    async with writing(engine.url) as (connection, transaction):
        await connection.fetchval(WRITE, streams[0], venture_id)
        await write_batch(engine.url, venture_id, streams[1:], each=4)
        delivered += [item async for item in tail.backlog()]  # with one transaction in flight
        await transaction.commit()
    await write_batch(engine.url, venture_id, streams, each=2)
    delivered += [item async for item in tail.backlog()]

    keys = [key(event) for event, _ in delivered]
    parts = [cursor.part for _, cursor in delivered]
    assert len(keys) == 1 + 2 * 4 + 1 + 3 * 4 + 4 * 2
    assert any(parts), "some are in the middle of a batch"
    assert not all(parts), "some are at its end"
    assert any(cursor.seen.in_flight for _, cursor in delivered), "some have seen one in flight"
    for place, (_, cursor) in enumerate(delivered, start=1):
        rest = [
            key(event)
            for event, _ in await backlog(engine, venture_id=venture_id, since=str(cursor))
        ]
        assert judge(keys[:place] + rest, set(keys)) == FAULTLESS
        if cursor.part is not None:  # the rest of its batch is told as it was told before
            left = cursor.part.size - cursor.part.delivered
            assert rest[:left] == keys[place : place + left]


async def test_seq_runs_without_a_gap_and_time_forward_in_what_is_delivered(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 3)
    for stream in (*streams, *reversed(streams)):
        await engine.call(
            "record_metrics", execution_id=stream, input_tokens=1, venture_id=venture_id
        )

    events = [event for event, _ in await backlog(engine, venture_id=venture_id, since="start")]

    for stream in streams:
        assert [event.seq for event in events if event.stream_id == stream] == [1, 2, 3, 4]
    assert [event.time for event in events] == sorted(event.time for event in events)


async def test_an_event_says_what_the_table_says(engine: PostgresEngine, venture_id: UUID) -> None:
    stream = await engine.call_value("create_execution", name="research", venture_id=venture_id)

    [*_, (event, _)] = await backlog(engine, venture_id=venture_id, since="start")

    xid, time = await ask(
        engine.url,
        "select array[xid::text, time::text] from holdfast.events where stream_id = $1",
        stream,
    )
    assert dataclasses.replace(event, time=event.time) == event
    assert (event.venture_id, event.stream, event.stream_id) == (venture_id, "execution", stream)
    assert (event.seq, event.type, event.actor) == (1, "execution.created", None)
    assert event.data == {"name": "research"}
    assert str(event.xid) == xid
    assert event.time == await ask(engine.url, "select $1::text::timestamptz", time)
    assert event.as_cloudevent() == {
        "specversion": "1.0",
        "id": f"{stream}:1",
        "source": f"/holdfast/{venture_id}/execution",
        "type": "execution.created",
        "subject": str(stream),
        "time": event.time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": "0000000000000000001",
        "data": {"name": "research"},
    }


async def test_a_tail_without_a_cursor_begins_with_what_happens_next(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    since = await position(engine)
    await ask(engine.url, WRITE, stream, venture_id)

    [(event, _)] = await backlog(engine, venture_id=venture_id, since=since)

    assert (event.type, event.seq) == ("execution.metered", 3)


async def test_a_tail_of_one_venture_is_given_nothing_of_another(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    other: UUID = await engine.call_value("open_venture", slug="other")
    await new_streams(engine, venture_id, 2)
    await new_streams(engine, other, 2)

    mine = await backlog(engine, venture_id=venture_id, since="start")
    everything = await backlog(engine, venture_id=None, since="start")

    assert {event.venture_id for event, _ in mine} == {venture_id}
    assert (len(mine), len(everything)) == (5, 10)


async def test_a_quiet_venture_does_not_read_its_neighbours_events_again(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    other: UUID = await engine.call_value("open_venture", slug="other")
    tail = Tail(engine, venture_id=venture_id, since="start")
    assert len([item async for item in tail.backlog()]) == 1
    await new_streams(engine, other, 2)

    assert [item async for item in tail.backlog()] == []

    assert tail.cursor is not None
    assert tail.cursor.seen.next == (await position(engine)).seen.next


async def test_a_rollback_leaves_no_hole(engine: PostgresEngine, venture_id: UUID) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    since = await position(engine)
    async with writing(engine.url) as (connection, transaction):
        await connection.fetchval(WRITE, stream, venture_id)
        await transaction.rollback()
    await ask(engine.url, WRITE, stream, venture_id)

    rest = await backlog(engine, venture_id=venture_id, since=since)

    assert [event.seq for event, _ in rest] == [3]


async def test_what_was_in_flight_and_is_rolled_back_is_forgotten(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    held, free = await new_streams(engine, venture_id, 2)
    tail = Tail(engine, venture_id=venture_id, since="start")
    async with writing(engine.url) as (connection, transaction):
        await connection.fetchval(WRITE, held, venture_id)
        xid = int(await connection.fetchval(TAKE_XID))
        await ask(engine.url, WRITE, free, venture_id)
        _ = [item async for item in tail.backlog()]
        assert tail.cursor is not None
        assert xid in tail.cursor.seen.in_flight
        await transaction.rollback()

    assert [item async for item in tail.backlog()] == []

    assert xid not in tail.cursor.seen.in_flight


async def test_a_long_transaction_delays_only_itself(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    held, free = await new_streams(engine, venture_id, 2)
    tail = Tail(engine, venture_id=venture_id, since=await position(engine))
    async with writing(engine.url) as (connection, transaction):
        await connection.fetchval(WRITE, held, venture_id)
        for seq in (3, 4, 5):
            await ask(engine.url, WRITE, free, venture_id)
            [(event, _)] = [item async for item in tail.backlog()]
            assert key(event) == (free, seq)
        await transaction.commit()

    [(event, _)] = [item async for item in tail.backlog()]

    assert key(event) == (held, 3)


async def test_a_ring_wakes_a_tail_long_before_its_poll_is_due(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    connected = asyncio.Event()
    tail = Tail(
        engine, venture_id=venture_id, since=None, poll_seconds=3600, on_connect=connected.set
    )
    async with aclosing(aiter(tail)) as items:
        for name in ("one", "two", "three"):
            taking = asyncio.create_task(anext(items))
            await connected.wait()
            await position(engine)  # takes longer than the tail takes to begin to wait
            stream = await engine.call_value("create_execution", name=name, venture_id=venture_id)
            async with asyncio.timeout(PATIENCE_SECONDS):
                event, _ = await taking
            assert event.stream_id == stream


async def test_an_event_whose_ring_was_lost_comes_with_the_next_poll(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    connected = asyncio.Event()
    tail = Tail(engine, venture_id=venture_id, since=None, on_connect=connected.set)
    taking = asyncio.create_task(take(tail, 1))
    await connected.wait()
    await ask(engine.url, WRITE, stream, venture_id)  # rings no bell

    [(event, _)] = await taking

    assert key(event) == (stream, 3)


async def test_a_tail_rides_out_the_loss_of_its_connection(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    connections = 0

    def count() -> None:
        nonlocal connections
        connections += 1

    since = await position(engine)
    tail = Tail(engine, venture_id=venture_id, since=since, on_connect=count)
    taking = asyncio.create_task(take(tail, 3))
    for number in (1, 2, 3):
        await until(lambda n=number: connections >= n, "the tail has connected")  # type: ignore[misc]
        await ask(engine.url, END_ALL_OTHERS)
        await ask(engine.url, WRITE, stream, venture_id)

    assert [event.seq for event, _ in await taking] == [3, 4, 5]


async def test_a_reader_that_sleeps_in_a_long_batch_holds_no_transaction_and_goes_on(
    engine: PostgresEngine, venture_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = await new_streams(engine, venture_id, 10)
    since = await position(engine)
    await write_batch(engine.url, venture_id, streams, each=reader.CHUNK_ROWS * 3 // 10)
    monkeypatch.setattr(reader, "LONGEST_READ_SECONDS", 0.5)

    async def idle() -> int:
        count: int = await ask(engine.url, IDLE_IN_TRANSACTION)
        return count

    async def is_ended() -> bool:
        return await idle() == 0

    keys: list[Key] = []
    async with aclosing(Tail(engine, venture_id=venture_id, since=since).backlog()) as items:
        while len(keys) <= reader.CHUNK_ROWS:  # the first chunk needs no transaction
            keys.append(key((await anext(items))[0]))
        assert await idle() == 1, "a long batch is streamed, not loaded"
        await until(is_ended, "the server ended the transaction of a reader that sleeps")
        keys += [key(event) async for event, _ in items]

    assert len(keys) == len(set(keys)) == reader.CHUNK_ROWS * 3
    for stream in streams:
        seqs = [seq for of, seq in keys if of == stream]
        assert seqs == list(range(3, len(seqs) + 3))


async def test_a_batch_that_takes_too_long_is_read_in_several_transactions(
    engine: PostgresEngine, venture_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = await new_streams(engine, venture_id, 10)
    since = await position(engine)
    await write_batch(engine.url, venture_id, streams, each=reader.CHUNK_ROWS * 3 // 10)
    monkeypatch.setattr(reader, "LONGEST_READ_SECONDS", 0.0)

    keys = [key(event) for event, _ in await backlog(engine, venture_id=venture_id, since=since)]

    assert len(keys) == len(set(keys)) == reader.CHUNK_ROWS * 3


async def test_a_tail_that_is_closed_after_its_connection_was_lost_ends(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 10)
    since = await position(engine)
    await write_batch(engine.url, venture_id, streams, each=reader.CHUNK_ROWS * 2 // 10)
    items = aiter(Tail(engine, venture_id=venture_id, since=since))
    await anext(items)  # in the middle of a transaction
    await ask(engine.url, END_ALL_OTHERS)

    await items.aclose()  # raises if the tail goes on instead
