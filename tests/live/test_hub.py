"""One tail, many subscribers: each is given what it asked for, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import InvalidValue, NotFound
from holdfast.live.asking import asking
from holdfast.live.giving_way import HandingOut
from holdfast.live.hub import Hub
from holdfast.live.outbox import TooSlow
from tests.support.feed import END_ALL_OTHERS, WRITE, ask, new_streams, write_batch
from tests.support.live import subscribed


@pytest.fixture
async def venture_id(engine: PostgresEngine) -> UUID:
    created: UUID = await engine.call_value("open_venture", slug="acme")
    return created


@pytest.fixture
async def hub(engine: PostgresEngine) -> AsyncIterator[Hub]:
    hub = Hub(engine)
    yield hub
    await hub.stop()
    await hub.stop()  # safe


async def test_a_subscriber_is_given_what_happens_from_now_on(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with subscribed(hub, engine, venture_id) as client:
        await client.until_told("caught_up")
        await ask(engine.url, WRITE, stream, venture_id)

        [event] = await client.until(1)

    assert (event.stream_id, event.seq, event.type) == (stream, 3, "execution.metered")
    assert [notice["type"] for notice in client.notices] == ["subscribed", "caught_up"]


async def test_a_subscriber_from_the_start_is_given_history_and_then_what_happens(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 3)
    await write_batch(engine.url, venture_id, streams, each=300)  # more than one chunk
    async with subscribed(hub, engine, venture_id, since="start") as client:
        await client.until_told("caught_up")
        await write_batch(engine.url, venture_id, streams, each=2)
        await client.until(3 * 304 + 1)

    assert client.events[0].type == "venture.created"
    for stream in streams:
        assert [seq for of, seq in client.keys if of == stream] == list(range(1, 305))


async def test_every_cursor_that_a_subscriber_was_given_leads_to_the_rest(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    cursors: list[str] = []
    async with subscribed(hub, engine, venture_id) as client:
        await client.until_told("caught_up")
        streams = await new_streams(engine, venture_id, 3)
        await write_batch(engine.url, venture_id, streams, each=3)
        seen = 0
        while seen < 15:
            for frame in await client.outbox.take():
                for item in frame.group.items:  # type: ignore[union-attr]
                    cursors.append(str(item.cursor))
                    client.events.append(item.event)
                    seen += 1
    for number, cursor in enumerate(cursors, start=1):
        for forgetful in (False, True):
            if forgetful:
                hub.ring.clear()
            async with subscribed(hub, engine, venture_id, since=cursor) as one:
                await one.until(15 - number)
                await one.until_told("caught_up")
            assert one.keys == client.keys[number:]


async def test_a_cursor_of_another_gateway_leads_to_the_rest(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    """Two gateways cut the feed into other batches."""
    streams = await new_streams(engine, venture_id, 2)
    async with subscribed(hub, engine, venture_id) as here:
        await here.until_told("caught_up")
        other = Hub(engine)
        async with subscribed(other, engine, venture_id) as there:
            await there.until_told("caught_up")
            for _ in range(5):
                await ask(engine.url, WRITE, streams[0], venture_id)
                await ask(engine.url, WRITE, streams[1], venture_id)
            await there.until(10)
        await here.until(10)
        await other.stop()
    async with subscribed(hub, engine, venture_id, since=there.cursor) as back:
        await back.until_told("caught_up")
        await ask(engine.url, WRITE, streams[0], venture_id)
        await back.until(1)
    assert back.keys == [(streams[0], 8)]


async def test_only_the_events_of_its_venture_are_given_to_it(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    foreign: UUID = await engine.call_value("open_venture", slug="foreign")
    [mine] = await new_streams(engine, venture_id, 1)
    [theirs] = await new_streams(engine, foreign, 1)
    async with (
        subscribed(hub, engine, venture_id) as whole,
        subscribed(hub, engine, venture_id, streams=[str(theirs), str(mine)]) as named,
    ):
        for client in (whole, named):
            await client.until_told("caught_up")
        await ask(engine.url, WRITE, theirs, foreign)
        await ask(engine.url, WRITE, mine, venture_id)
        for client in (whole, named):
            await client.until(1)
            assert client.keys == [(mine, 3)]


async def test_only_the_kinds_that_are_asked_for_are_given(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    async with subscribed(hub, engine, venture_id, kinds=["supervisor"]) as client:
        await client.until_told("caught_up")
        await engine.call("create_execution", name="work", venture_id=venture_id)
        await engine.call("create_supervisor", name="release", venture_id=venture_id)
        [event] = await client.until(1)
    assert event.stream == "supervisor"


async def test_a_directive_is_followed_with_all_that_works_on_it(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    await engine.call("add_directive", sd_key="SD-1", title="one", venture_id=venture_id)
    await engine.call("add_directive", sd_key="SD-9", title="other", venture_id=venture_id)
    async with subscribed(hub, engine, venture_id, directive="SD-1") as client:
        await client.until_told("caught_up")
        child = await engine.call_value(
            "add_directive",
            sd_key="SD-1A",
            title="a child",
            parent_key="SD-1",
            status="active",
            venture_id=venture_id,
        )
        session = await engine.call_row("start_session", session_id="s1", venture_id=venture_id)
        await engine.call(
            "claim_directive",
            session_id="s1",
            sd_key="SD-1A",
            epoch=session["epoch"],
            token=session["token"],
            venture_id=venture_id,
        )
        supervisor = await engine.call_row(
            "create_supervisor", name="release", directive_id=child, venture_id=venture_id
        )
        await engine.call_value(
            "create_execution", name="work", directive_id=child, venture_id=venture_id
        )
        await engine.call("create_execution", name="of nobody", venture_id=venture_id)
        await engine.call("move_directive", sd_key="SD-9", status="active", venture_id=venture_id)
        await engine.call(
            "update_supervisor_phase",
            supervisor_id=supervisor["id"],
            phase="two",
            venture_id=venture_id,
        )
        await client.until(5)
        while client.events[-1].type != "supervisor.phase_moved":
            await client.take()
    types = [event.type for event in client.events]
    assert types[0] == "directive.created"
    assert {"directive.claimed", "supervisor.created", "execution.created"} <= set(types)
    assert not any(event.data.get("name") == "of nobody" for event in client.events)
    assert not any(event.data.get("sd_key") == "SD-9" for event in client.events)


async def test_a_session_that_claims_a_followed_directive_is_followed_from_then_on(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    await engine.call(
        "add_directive", sd_key="SD-1", title="one", status="active", venture_id=venture_id
    )
    session = await engine.call_row("start_session", session_id="s1", venture_id=venture_id)
    fence = {"epoch": session["epoch"], "token": session["token"]}
    async with subscribed(hub, engine, venture_id, directive="SD-1") as client:
        await client.until_told("caught_up")
        await engine.call(
            "claim_directive", session_id="s1", sd_key="SD-1", **fence, venture_id=venture_id
        )
        await engine.call(
            "save_session",
            session_id="s1",
            metadata={"branch": "x"},
            **fence,
            venture_id=venture_id,
        )
        while not client.events or client.events[-1].type != "session.saved":
            await client.take()


async def test_a_supervisor_is_followed_with_what_it_spawned_before_and_spawns_later(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    supervisor = (
        await engine.call_row("create_supervisor", name="release", venture_id=venture_id)
    )["id"]
    [early, late] = await new_streams(engine, venture_id, 2)
    spawn = "add_supervisor_spawned_task"
    await engine.call(spawn, supervisor_id=supervisor, task_id=early, venture_id=venture_id)
    async with subscribed(hub, engine, venture_id, supervisor=str(supervisor)) as client:
        await client.until_told("caught_up")
        await ask(engine.url, WRITE, late, venture_id)  # nobody's yet
        await ask(engine.url, WRITE, early, venture_id)
        await client.until(1)
        await engine.call(spawn, supervisor_id=supervisor, task_id=late, venture_id=venture_id)
        await ask(engine.url, WRITE, late, venture_id)
        await client.until(3)
    assert [event.stream_id for event in client.events] == [early, supervisor, late]


async def test_positions_of_single_streams_lead_to_what_comes_after_them(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 2)
    await write_batch(engine.url, venture_id, streams, each=5)
    epoch = (await hub.settled()).epoch
    positions = {str(streams[0]): 4, str(streams[1]): 7}
    async with subscribed(hub, engine, venture_id, positions=positions, epoch=epoch) as client:
        await client.until_told("caught_up")
        await write_batch(engine.url, venture_id, streams, each=1)
        await client.until(5)
    assert [seq for of, seq in client.keys if of == streams[0]] == [5, 6, 7, 8]
    assert [seq for of, seq in client.keys if of == streams[1]] == [8]


async def test_positions_of_another_history_are_reset_with_how_the_streams_stand(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    positions = {str(stream): 1}
    async with subscribed(hub, engine, venture_id, positions=positions, epoch="0" * 16) as client:
        reset = await client.until_told("reset")
        await ask(engine.url, WRITE, stream, venture_id)
        await client.until(1)
    assert [(row["stream_id"], row["seq"]) for row in reset["state"]] == [(str(stream), 2)]
    assert reset["state"][0]["state"]["status"] == "running"
    assert "lease_token" not in reset["state"][0]["state"]
    assert client.keys == [(stream, 3)]


async def test_a_cursor_of_another_history_is_reset_and_the_subscription_goes_on(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    since = "0" * 16 + "_7"
    async with subscribed(hub, engine, venture_id, since=since) as client:
        reset = await client.until_told("reset")
        assert "another one" in reset["reason"]
        await client.until_told("caught_up")
        await ask(engine.url, WRITE, stream, venture_id)
        await client.until(1)


async def test_all_subscribers_are_reset_when_the_history_changes_under_them(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with subscribed(hub, engine, venture_id, execution=str(stream)) as client:
        await client.until_told("caught_up")
        await ask(engine.url, "update holdfast.feed_epoch set nonce = gen_random_uuid()")
        await client.until_told("reset")
        while client.notices[-1]["type"] != "caught_up":
            await client.take()
        await ask(engine.url, WRITE, stream, venture_id)
        await client.until(1)


async def test_the_loss_of_the_database_delays_and_loses_nothing(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with subscribed(hub, engine, venture_id) as client:
        await client.until_told("caught_up")
        for _ in range(3):
            await ask(engine.url, WRITE, stream, venture_id)
            await ask(engine.url, END_ALL_OTHERS)
            await ask(engine.url, WRITE, stream, venture_id)
        await client.until(6)
    assert [seq for _, seq in client.keys] == [3, 4, 5, 6, 7, 8]


async def test_one_that_reads_too_slowly_is_told_so_and_loses_nothing_when_it_goes_on(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with (
        subscribed(hub, engine, venture_id, most_bytes=4000) as slow,
        subscribed(hub, engine, venture_id) as quick,
    ):
        for client in (slow, quick):
            await client.until_told("caught_up")
        since = slow.cursor
        for written in range(1, 21):
            await ask(engine.url, WRITE, stream, venture_id)
            if written % 10 == 0:  # more than one step: what comes at once is taken whole
                await quick.until(written)
        with pytest.raises(TooSlow):
            await slow.take()
    async with subscribed(hub, engine, venture_id, most_bytes=4000, since=since) as again:
        await again.until(20)
    assert again.keys == quick.keys


async def test_history_is_read_no_faster_than_the_client_takes_it(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 3)
    await write_batch(engine.url, venture_id, streams, each=1000)
    async with subscribed(hub, engine, venture_id, most_bytes=400_000, since="start") as client:
        await client.until(1)
        while len(client.events) < 3007:
            await asyncio.sleep(0.01)
            await client.take()
    assert len(set(client.keys)) == 3007


async def test_what_is_not_there_cannot_be_followed(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    with pytest.raises(NotFound, match="no directive SD-404"):
        await asking({"directive": "SD-404"}).wish("a", venture_id, engine)
    with pytest.raises(InvalidValue, match="plan and session"):
        asking({"plan": "1", "session": "2"})
    with pytest.raises(InvalidValue, match="no kind of stream"):
        asking({}, kinds=["tree"])
    with pytest.raises(InvalidValue, match="without the epoch"):
        asking({}, positions={str(venture_id): 1})


async def test_a_hub_that_nobody_needs_keeps_nothing_of_them(
    engine: PostgresEngine, hub: Hub, venture_id: UUID
) -> None:
    await engine.call("add_directive", sd_key="SD-1", title="one", venture_id=venture_id)
    for asked in ({}, {"directive": "SD-1"}, {"streams": [str(venture_id)]}):
        async with subscribed(hub, engine, venture_id, **asked) as client:
            await client.until_told("caught_up")
            assert len(list(hub.switchboard)) == 1
    assert not list(hub.switchboard)
    assert not hub.switchboard._by_stream


async def test_what_happens_while_the_hub_gives_way_is_handed_out_together_afterwards(
    engine: PostgresEngine, hub: Hub, venture_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)

    async def write() -> None:
        told = {"execution_id": stream, "input_tokens": 1, "venture_id": venture_id}
        await engine.call("record_metrics", **told)
        await asyncio.sleep(0.05)  # the bell has rung for it alone

    async with subscribed(hub, engine, venture_id) as client:
        await client.until_told("caught_up")
        monkeypatch.setattr(HandingOut, "rest_seconds", lambda _: 1.0)
        await write()
        await client.until(1)
        for _ in range(4):
            await write()
        await client.until(5)

    assert [seq for _, seq in client.keys] == [3, 4, 5, 6, 7]
    assert client.groups == [1, 4]
