"""The protocol `holdfast.v1` over a real server."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from holdfast.api.live import websocket
from tests.support.api import Server, serving
from tests.support.feed import WRITE, ask, new_streams
from tests.support.sockets import live_url, socket_to


async def written(server: Server, stream: UUID) -> int:
    seq: int = await ask(server.engine.url, WRITE, stream, server.venture_id)
    return seq


async def test_a_client_is_greeted_subscribes_and_is_given_cloudevents(server: Server) -> None:
    [stream] = await new_streams(server.engine, server.venture_id, 1)
    async with socket_to(server) as socket:
        assert socket.connection.subprotocol == "holdfast.v1"
        hello = await socket.hear()
        assert set(hello) == {"type", "epoch", "server_time"}
        await socket.subscribe("mine")
        seq = await written(server, stream)
        [event] = await socket.until_events(1)

    assert [message["type"] for message in socket.told] == [
        "hello", "subscribed", "caught_up", "event",
    ]  # fmt: skip
    assert {message["id"] for message in socket.told[1:]} == {"mine"}
    assert event["specversion"] == "1.0"
    assert (event["type"], event["subject"], int(event["sequence"])) == (
        "execution.metered",
        str(stream),
        seq,
    )


async def test_one_connection_carries_several_subscriptions(server: Server) -> None:
    one, two = await new_streams(server.engine, server.venture_id, 2)
    async with socket_to(server) as socket:
        await socket.subscribe("one", execution=str(one))
        await socket.subscribe("two", execution=str(two))
        await written(server, two)
        await socket.until_events(1)
        assert socket.told[-1]["id"] == "two"
        await socket.say(type="unsubscribe", id="two")
        await socket.say(type="ping")
        await socket.until("pong")
        await written(server, two)
        await written(server, one)
        await socket.until_events(2)
    assert [key[0] for key in socket.keys] == [two, one]


async def test_a_client_that_comes_back_is_given_what_it_missed(server: Server) -> None:
    [stream] = await new_streams(server.engine, server.venture_id, 1)
    async with socket_to(server) as socket:
        await socket.subscribe()
        await written(server, stream)
        await socket.until_events(1)
    for _ in range(5):
        await written(server, stream)
    async with socket_to(server) as back:
        await back.subscribe(since=socket.cursor)
        await written(server, stream)
        await back.until_events(6)
    assert [seq for _, seq in socket.keys + back.keys] == list(range(3, 10))


async def test_a_ticket_lets_in_once(server: Server) -> None:
    async with server.client("viewer") as client:
        ticket = (await client.post("/api/v1/tickets")).json()["ticket"]
    url = f"{live_url(server)}&ticket={ticket}"
    async with socket_to(server, None, url=url) as socket:
        await socket.subscribe()
    async with socket_to(server, None, url=url) as again:
        code, reason = await again.closed()
    assert (code, "used already" in reason) == (4001, True)


async def test_nobody_comes_in_without_a_token(server: Server) -> None:
    for headers in ({}, {"Authorization": "Bearer hf_nothing"}):
        async with socket_to(server, None, headers=headers) as socket:
            assert (await socket.closed())[0] == 4001


async def test_a_page_of_another_origin_is_refused_whatever_it_brings(server: Server) -> None:
    async with socket_to(server, origin="https://evil.example") as socket:
        code, reason = await socket.closed()
    assert (code, "https://evil.example" in reason) == (4003, True)
    async with socket_to(server, origin=server.url) as socket:
        await socket.subscribe()


async def test_a_foreign_venture_cannot_be_followed(server: Server) -> None:
    foreign: UUID = await server.engine.call_value("open_venture", slug="foreign")
    [theirs] = await new_streams(server.engine, foreign, 1)
    async with socket_to(server) as socket:
        await socket.say(type="subscribe", id="a", venture="foreign")
        refused = await socket.until("error")
        assert (refused["code"], refused["id"]) == ("HF007", "a")
        await socket.say(type="subscribe", id="b", execution=str(theirs))
        assert (await socket.until("error"))["code"] == "HF003"
        await socket.subscribe("c", streams=[str(theirs)])
        await ask(server.engine.url, WRITE, theirs, foreign)
        [mine] = await new_streams(server.engine, server.venture_id, 1)
        await socket.subscribe("d", since="start")
        assert {key[0] for key in socket.keys} == {mine, server.venture_id}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"dance"}',
        '{"type":"subscribe"}',
        '{"type":"subscribe","id":""}',
        '{"type":"subscribe","id":"a","since":"yesterday"}',
        '{"type":"subscribe","id":"a","kinds":["tree"]}',
        '{"type":"subscribe","id":"a","positions":{"x":1},"epoch":"e"}',
        '{"type":"subscribe","id":"a","plan":"x","session":"y"}',
        '{"type":"subscribe","id":"a","since":7}',
        '{"type":"subscribe","id":"a","colour":"red"}',
        '{"type":"unsubscribe"}',
    ],
)
async def test_what_cannot_be_understood_is_told_and_the_connection_goes_on(
    server: Server, text: str
) -> None:
    async with socket_to(server) as socket:
        await socket.connection.send(text)
        told = await socket.until("error")
        assert told["code"] == "HF005"
        assert told["message"]
        await socket.subscribe()


async def test_frames_that_are_too_large_or_not_text_end_the_connection(server: Server) -> None:
    async with socket_to(server) as socket:
        await socket.connection.send("x" * 70_000)
        assert (await socket.closed())[0] == 1009
    async with socket_to(server) as socket:
        await socket.connection.send(b"\x00\x01")
        assert (await socket.closed())[0] == 4003


async def test_an_id_that_is_in_use_is_refused(server: Server) -> None:
    async with socket_to(server) as socket:
        await socket.subscribe("a")
        await socket.say(type="subscribe", id="a")
        assert "in use" in (await socket.until("error"))["message"]


async def test_whoever_does_not_answer_a_ping_is_closed_and_who_does_stays(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.05)
    monkeypatch.setattr(websocket, "PONG_SECONDS", 0.4)
    async with socket_to(server) as silent, socket_to(server) as lively:
        silent.answers = False
        for _ in range(3):
            await lively.until("ping")
        assert (await silent.closed())[0] == 4010
        await lively.say(type="ping")
        await lively.until("pong")


async def test_a_quiet_client_is_told_how_far_the_feed_has_come(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.05)
    [mine, other] = await new_streams(server.engine, server.venture_id, 2)
    async with socket_to(server) as socket:
        await socket.subscribe(execution=str(mine))
        before = socket.cursor
        await written(server, other)
        while socket.cursor == before:
            await socket.hear()
        assert not socket.events


async def test_a_change_of_membership_ends_the_connection(server: Server) -> None:
    async with socket_to(server, "viewer") as socket, socket_to(server, "owner") as other:
        await socket.subscribe()
        await other.subscribe()
        await server.engine.call(
            "set_member", user_id="token:viewer", role="agent", venture_id=server.venture_id
        )
        assert (await socket.closed())[0] == 4009
        await other.until_events(1)


async def test_a_revoked_token_ends_the_connection(server: Server) -> None:
    async with socket_to(server, "viewer") as socket:
        await socket.subscribe()
        async with server.client("owner") as client:
            tokens = (await client.get("/api/v1/tokens")).json()
            rows = tokens["items"] if isinstance(tokens, dict) else tokens
            [mine] = [token for token in rows if token["name"] == "viewer"]
            answer = await client.post(f"/api/v1/tokens/{mine['id']}/revoke")
            assert answer.status_code < 300, answer.text
        code, reason = await socket.closed()
        assert (code, reason) == (4009, "The token was revoked.")


async def test_a_server_that_stops_says_so(server: Server) -> None:
    async with AsyncExitStack() as stack:
        brief = await stack.enter_async_context(serving(server.engine, venture="brief"))
        url = live_url(brief).replace("acme", "brief")
        async with socket_to(brief, url=url) as socket:
            await socket.subscribe()
            closed = asyncio.create_task(socket.closed())
            await stack.aclose()
            assert await closed == (4011, "The server restarts.")


LARGE = 700


async def test_a_client_that_does_not_read_is_closed_and_others_go_on(server: Server) -> None:
    """The buffers of its connection take a while to fill, so the events are large."""
    [stream] = await new_streams(server.engine, server.venture_id, 1)
    async with socket_to(server, max_queue=1) as stalled, socket_to(server) as quick:
        await stalled.subscribe()
        await quick.subscribe()
        stalled.connection.transport.pause_reading()
        for count in range(1, LARGE + 1):
            await server.engine.call(
                "annotate_execution",
                execution_id=stream,
                metadata={"large": secrets.token_hex(7900)},
                venture_id=server.venture_id,
            )
            await quick.until_events(count)
        stalled.connection.transport.resume_reading()
        code, _ = await stalled.closed()
    assert code == 4008
    assert 0 < len(stalled.events) < LARGE
    async with socket_to(server) as back:
        await back.subscribe(since=stalled.cursor)
        await back.until_events(LARGE - len(stalled.events))
    assert stalled.keys + back.keys == quick.keys
