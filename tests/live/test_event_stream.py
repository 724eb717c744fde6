"""The feed as server-sent events, as a browser's EventSource or curl reads it."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.api import Server
from tests.support.feed import WRITE, ask, new_streams
from tests.support.streams import listening


async def written(server: Server, stream: UUID) -> None:
    await ask(server.engine.url, WRITE, stream, server.venture_id)


async def test_a_client_is_given_events_and_goes_on_behind_the_last_one(server: Server) -> None:
    [stream] = await new_streams(server.engine, server.venture_id, 1)
    async with listening(server) as source:
        await source.until("caught_up")
        await written(server, stream)
        await source.until_events(1)
    for _ in range(3):
        await written(server, stream)
    async with listening(server, last_event_id=source.last_id) as back:
        await back.until_events(3)
    assert [seq for _, seq in source.keys + back.keys] == [3, 4, 5, 6]
    assert source.retry == 1000


async def test_a_client_follows_only_what_it_asks_for(server: Server) -> None:
    mine, other = await new_streams(server.engine, server.venture_id, 2)
    async with (
        listening(server, execution=str(mine)) as one,
        listening(server, stream=str(mine)) as two,
        listening(server, kinds="venture", since="start") as three,
    ):
        for source in (one, two):
            await source.until("caught_up")
        await written(server, other)
        await written(server, mine)
        for source in (one, two):
            await source.until_events(1)
            assert source.keys == [(mine, 3)]
        await three.until_events(1)
        assert three.events[0]["type"] == "venture.created"


async def test_a_history_that_is_another_one_is_told_as_a_reset(server: Server) -> None:
    async with listening(server, last_event_id=f"{'0' * 16}_7") as source:
        reset = await source.until("reset")
        await source.until("caught_up")
    assert "another one" in reset["reason"]


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"plan": "nothing"}, 404, "HF003"),
        ({"venture": "foreign"}, 403, "HF007"),
        ({"since": "yesterday"}, 422, "HF005"),
        ({"kinds": "tree"}, 422, "HF005"),
        ({"stream": "x"}, 422, "HF005"),
    ],
)
async def test_what_cannot_be_followed_is_a_problem(
    server: Server, params: dict[str, str], status: int, code: str
) -> None:
    async with server.client("viewer") as client:
        answer = await client.get("/api/v1/live/events", params={"venture": "acme", **params})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nobody_listens_without_a_token(server: Server) -> None:
    async with server.client(None) as client:
        assert (await client.get("/api/v1/live/events")).status_code == 401
        ticket = "used"
        answer = await client.get("/api/v1/live/events", params={"ticket": ticket})
        assert answer.status_code == 401
