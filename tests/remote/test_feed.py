"""The feed through a server: every event once and in order, from wherever the reader stands."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from holdfast.client import Holdfast, connect
from holdfast.errors import NotFound, WorkFailed
from holdfast.live.feed import Tailing, follow
from holdfast.model.events import Event
from tests.support.api import VENTURE, Server
from tests.support.network import network_to
from tests.support.patience import PATIENCE_SECONDS


async def test_the_feed_through_a_server_is_that_of_the_database(
    hf: Holdfast, server: Server
) -> None:
    async with hf.execution("one", steps=1) as run:
        for _ in run.track(["a"]):
            pass
    venture_id = await hf.venture_id()
    there = [
        (e.stream_id, e.seq, e.type, e.data, e.time, c)
        async for e, c in follow(hf.engine, venture_id=venture_id, since="start").backlog()
    ]
    here = [
        (e.stream_id, e.seq, e.type, e.data, e.time, c)
        async for e, c in follow(server.engine, venture_id=venture_id, since="start").backlog()
    ]
    assert [one[:5] for one in there] == [one[:5] for one in here]
    for number, (*_, cursor) in enumerate(there):
        rest = [
            (e.stream_id, e.seq)
            async for e, _ in follow(hf.engine, venture_id=venture_id, since=cursor).backlog()
        ]
        assert rest == [one[:2] for one in there[number + 1 :]]


async def test_what_happens_after_the_position_is_followed(hf: Holdfast) -> None:
    position = await hf.position()
    made = await hf.spawn("command", command=["true"])
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(hf.events(since=position)) as events:
        async for event, _ in events:
            assert (event.type, event.stream_id, event.seq) == ("execution.created", made, 1)
            break


async def test_a_subscription_is_about_one_thing(hf: Holdfast) -> None:
    other, mine = [await hf.spawn("command", command=["true"]) for _ in range(2)]
    for execution in (other, mine):
        await hf.engine.call(
            "cancel_execution", execution_id=execution, venture_id=await hf.venture_id()
        )
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        hf.subscribe(execution=mine, since="start") as following,
    ):
        types = [(await anext(following)).type, (await anext(following)).type]
    assert types == ["execution.created", "execution.cancelled"]
    assert following.cursor is not None
    with pytest.raises(NotFound):
        await anext(hf.subscribe(directive="SD-NONE"))


async def test_who_waits_is_woken_through_a_server(hf: Holdfast, server: Server) -> None:
    supervisor = await hf.start("none")
    async with hf.watch.interest([supervisor]) as wake, asyncio.timeout(PATIENCE_SECONDS):
        await wake.wait()  # the feed was taken up
        await server.engine.call(
            "stop_supervisor", supervisor_id=supervisor, venture_id=server.venture_id
        )
        await wake.wait()
    with pytest.raises(WorkFailed, match="none"):
        await hf.result(supervisor)


async def test_a_feed_goes_on_where_the_network_broke(server: Server) -> None:
    async with network_to(server.url) as network:
        async with connect(network.url, token=server.tokens["owner"], venture=VENTURE) as hf:
            lost = asyncio.Event()
            tail = follow(hf.engine, venture_id=server.venture_id, since="start", on_lost=lost.set)
            async with asyncio.timeout(PATIENCE_SECONDS):
                seeing = asyncio.create_task(_until(tail, "execution.cancelled"))
                first = await server.engine.call_value(
                    "create_execution", name="it", venture_id=server.venture_id
                )
                await _stands(tail)
                await network.cut()
                await lost.wait()
                await server.engine.call(
                    "cancel_execution", execution_id=first, venture_id=server.venture_id
                )
                await network.mend()
                seen = await seeing
    assert [(e.stream_id, e.seq) for e in seen] == [
        (e.stream_id, e.seq)
        async for e, _ in follow(
            server.engine, venture_id=server.venture_id, since="start"
        ).backlog()
    ]


async def _until(tail: Tailing, type_: str) -> list[Event]:
    """Every event up to the first of a type."""
    seen: list[Event] = []
    async with aclosing(aiter(tail)) as items:
        async for event, _ in items:
            seen.append(event)
            if event.type == type_:
                return seen
    raise AssertionError


async def _stands(tail: Tailing) -> None:
    """Wait until a tail has taken up its position."""
    while tail.cursor is None:
        await asyncio.sleep(0.01)
