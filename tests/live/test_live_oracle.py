"""The oracle at the far end: whatever is killed, every client is given each event once, in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from holdfast.api.credentials import tokens
from holdfast.config import Settings
from holdfast.engine import connections, migrate
from holdfast.engine.postgres import PostgresEngine
from tests.support.crashing import CrashableServer, crashable_server
from tests.support.feed import FAULTLESS, Key, Writers, judge, new_streams, until, written
from tests.support.followers import Follower, SocketFollower, StreamFollower
from tests.support.gateways import Gateway
from tests.support.servers import binaries_of

WRITERS = 3
STREAMS = 40
ALL_OF_THE_VENTURE = 10
SOME_STREAMS = 130
OVER_SSE = 10
STALLED = 8
ACKNOWLEDGED_BETWEEN_KILLS = 150


@pytest.fixture
async def server(request: pytest.FixtureRequest) -> AsyncIterator[CrashableServer]:
    with crashable_server(binaries_of(request.config.getoption("--postgres"))) as server:
        await server.start()
        connection = await connections.connect(server.url, Settings())
        await migrate.migrate(connection)
        await connection.close()
        yield server


@pytest.fixture
async def gateways(server: CrashableServer, tmp_path: Path) -> AsyncIterator[list[Gateway]]:
    gateways = [Gateway(server.url, tmp_path) for _ in range(2)]
    await asyncio.gather(*(gateway.start() for gateway in gateways))
    yield gateways
    for gateway in gateways:
        gateway.kill()


@pytest.mark.timeout(300)
async def test_each_event_reaches_every_client_once_and_in_order_whatever_is_killed(
    server: CrashableServer, gateways: list[Gateway]
) -> None:
    engine = PostgresEngine(server.url, settings=Settings())
    await engine.open()
    venture_id: UUID = await engine.call_value("open_venture", slug="acme")
    token = (await tokens.create(engine, venture_id, name="viewer", role="viewer"))["token"]
    streams = await new_streams(engine, venture_id, STREAMS)
    await engine.close()
    followers = crowd([gateway.url for gateway in gateways], token, streams)
    writers = Writers(server.url, venture_id, streams[1:], seed=20261121)

    tasks = [asyncio.create_task(follower.follow()) for follower in followers]
    await write_while_all_is_killed(server, gateways, writers, slow_stream=streams[0])
    truth = await written(server.url)
    await settle(followers, truth)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}, "a client gave up by itself"

    assert writers.acknowledged <= truth, "what was acknowledged is durable"
    for follower in followers:
        mine = {key for key in truth if follower.wants(key)}
        verdict = judge(follower.delivered, mine)
        assert verdict == FAULTLESS, (type(follower).__name__, follower.connections, verdict)
        assert follower.resets == 0
    # And the run was the one that was meant.
    assert len(truth) > 4 * ACKNOWLEDGED_BETWEEN_KILLS
    assert min(follower.connections for follower in followers) >= 2
    assert sum(follower.connections for follower in followers) > 3 * len(followers)


def crowd(urls: Sequence[str], token: str, streams: Sequence[UUID]) -> list[Follower]:
    chance = random.Random(1)
    followers: list[Follower] = []
    for number in range(ALL_OF_THE_VENTURE + SOME_STREAMS + OVER_SSE):
        kind = StreamFollower if number < OVER_SSE else SocketFollower
        follows_some = number >= OVER_SSE + ALL_OF_THE_VENTURE
        followers.append(
            kind(
                urls,
                token,
                venture="acme",
                streams=chance.sample(streams, 3) if follows_some else (),
                leaves_after=chance.choice([None, None, 17, 97]),
                seed=number,
            )
        )
    for follower in followers[-STALLED:]:
        assert isinstance(follower, SocketFollower)
        follower.stalls = True
    return followers


async def write_while_all_is_killed(
    server: CrashableServer, gateways: list[Gateway], writers: Writers, *, slow_stream: UUID
) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(writers.write(number))
        group.create_task(writers.write_slowly(slow_stream, 3.0))
        await written_more(writers)
        gateways[0].kill()  # all go to the one that is left
        await written_more(writers)
        await gateways[0].start()
        await written_more(writers)
        for gateway in gateways:  # both at once: all come back at once
            gateway.kill()
        await asyncio.gather(*(gateway.start() for gateway in gateways))
        await server.restart_after_kill()
        await written_more(writers)
        writers.stop()


async def written_more(writers: Writers) -> None:
    enough = len(writers.acknowledged) + ACKNOWLEDGED_BETWEEN_KILLS
    await until(lambda: len(writers.acknowledged) >= enough, "the writers wrote")


async def settle(followers: list[Follower], truth: set[Key]) -> None:
    """Give the clients the time they need; the verdict says what is wrong if it is not enough."""

    def wanted(follower: Follower) -> int:
        return sum(follower.wants(key) for key in truth)

    missing = [(follower, wanted(follower)) for follower in followers]
    try:
        await until(
            lambda: all(len(follower.delivered) >= count for follower, count in missing),
            "every client caught up",
            seconds=60,
        )
    except AssertionError:
        return
