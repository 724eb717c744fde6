"""`hf.subscribe`, `StatusBroadcaster`, `active_subscriptions`, and the channel `agent_execution_updates`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import InvalidValue, NotFound
from holdfast.live.cursor import Cursor, FeedReset
from holdfast.live.hub import Hub
from holdfast.live.pointers import CHANNEL, Pointers
from holdfast.model.events import Event
from tests.support.feed import WRITE, ask, new_streams, until, write_batch
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    async with Holdfast(Settings(database_url=holdfast_url, venture="acme")) as opened:
        yield opened


async def test_a_program_iterates_over_events_and_goes_on_from_its_cursor(hf: Holdfast) -> None:
    venture_id = await hf.venture_id()
    [stream] = await new_streams(hf.engine, venture_id, 1)
    seen: list[int] = []
    async with hf.subscribe(since="start", execution=stream) as following:
        async for event in following:
            seen.append(event.seq)
            if event.seq == 2:
                break
    await write_batch(hf.engine.url, venture_id, [stream], each=3)
    async with hf.subscribe(since=following.cursor, execution=stream) as following:
        async for event in following:
            seen.append(event.seq)
            if event.seq == 5:
                break
    assert seen == [1, 2, 3, 4, 5]
    assert isinstance(following.cursor, Cursor)


async def test_a_program_that_reads_slowly_misses_nothing(hf: Holdfast) -> None:
    venture_id = await hf.venture_id()
    streams = await new_streams(hf.engine, venture_id, 2)
    seen: list[tuple[UUID, int]] = []
    async with hf.subscribe(kinds=["execution"]) as following:
        await following.ready()
        await write_batch(hf.engine.url, venture_id, streams, each=1)
        async for event in following:
            seen.append((event.stream_id, event.seq))
            if len(seen) == 1:  # now more than 1 MB comes while nobody reads
                await write_batch(hf.engine.url, venture_id, streams, each=1200)
                cursor = await hf.hub.settled()
                await until(lambda c=cursor: hf.hub.cursor not in (None, c), "the hub went on")  # type: ignore[misc]
            if len(seen) == 2 * 1201:
                break
    assert sorted(seen) == sorted((s, n) for s in streams for n in range(3, 1204))


async def test_what_cannot_be_followed_is_refused(hf: Holdfast) -> None:
    with pytest.raises(InvalidValue):
        hf.subscribe(plan="x", session="y")
    with pytest.raises(NotFound):
        await anext(hf.subscribe(directive="SD-404"))
    with pytest.raises(FeedReset):
        await anext(hf.subscribe(since="0" * 16 + "_7"))


async def test_subscribers_of_a_venture_are_told_what_is_broadcast(hf: Holdfast) -> None:
    venture_id = await hf.venture_id()
    [stream] = await new_streams(hf.engine, venture_id, 1)
    broadcaster = hf.status_broadcaster()
    told: list[Event] = []
    awaited: list[Event] = []

    async def later(event: Event) -> None:
        awaited.append(event)

    first = await broadcaster.subscribe(told.append)
    await broadcaster.subscribe(later)
    await broadcaster.broadcast(stream, activity="reading", completed=1, total=4)
    await until(lambda: bool(told and awaited), "both were told")
    assert told[0].stream_id == stream
    assert told[0].data["current_activity" if "current_activity" in told[0].data else "activity"]

    await until(lambda: _listed(hf, 2), "both are listed")
    await broadcaster.unsubscribe(first)
    await until(lambda: _listed(hf, 1), "one is listed")
    with pytest.raises(NotFound):
        await broadcaster.unsubscribe(first)
    with pytest.raises(NotFound):
        await broadcaster.broadcast(UUID(int=1), activity="x")


async def _listed(hf: Holdfast, count: int) -> bool:
    return len(await hf.status_broadcaster().active_subscriptions()) == count


async def test_a_gateway_that_is_gone_is_forgotten(engine: PostgresEngine) -> None:
    venture_id = await engine.call_value("open_venture", slug="acme")
    row = {
        "venture_id": str(venture_id),
        "id": str(UUID(int=1)),
        "user_id": "Ann",
        "transport": "sse",
        "scope": {},
        "created_at": "2030-01-01T00:00:00Z",
    }
    await engine.call("report_subscriptions", gateway_id=UUID(int=7), subscriptions=[row])
    [listed] = await engine.read("active_subscriptions", venture_id, 10)
    assert (listed["user_id"], listed["transport"]) == ("Ann", "sse")
    later = """
    with later as materialized (select set_config('holdfast.now', (now() + interval '4 minutes')::text, true))
    select holdfast.report_subscriptions($1, '[]') from later
    """
    await ask(engine.url, later, UUID(int=8))
    assert not await engine.read("active_subscriptions", venture_id, 10)


@pytest.fixture
async def pointers(engine: PostgresEngine) -> AsyncIterator[Pointers]:
    hub = Hub(engine)
    pointers = Pointers(engine, hub)
    pointers.start()
    yield pointers
    await pointers.stop()
    await pointers.stop()  # safe
    await hub.stop()


async def test_whoever_listens_to_the_channel_is_pointed_to_what_changed(
    engine: PostgresEngine, pointers: Pointers
) -> None:
    venture_id = await engine.call_value("open_venture", slug="acme")
    one, two = await new_streams(engine, venture_id, 2)
    heard: list[dict[str, Any]] = []
    async with engine.own_connection() as connection:
        await connection.add_listener(CHANNEL, lambda *told: heard.append(json.loads(told[-1])))
        await asyncio.wait_for(pointers.leads.wait(), PATIENCE_SECONDS)
        await ask(engine.url, WRITE, one, venture_id)
        first = {"venture_id": str(venture_id), "stream": str(one), "seq": 3}
        await until(lambda: first in heard, "the first was told")
        await write_batch(engine.url, venture_id, [two], each=50)
        await until(lambda: heard[-1]["seq"] == 52, "the last was told")
    assert len(heard) < 10, "what changes often is pointed to once"


async def test_one_process_rings_and_another_takes_over_when_it_is_gone(
    engine: PostgresEngine, pointers: Pointers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.live.pointers.STAND_BY_SECONDS", 0.05)
    await asyncio.wait_for(pointers.leads.wait(), PATIENCE_SECONDS)
    hub = Hub(engine)
    other = Pointers(engine, hub)
    other.start()
    try:
        await pointers.stop()
        await asyncio.wait_for(other.leads.wait(), PATIENCE_SECONDS)
    finally:
        await other.stop()
        await hub.stop()
