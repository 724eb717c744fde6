"""Many clients that lose their gateway at once and all come back, while one transaction stays open and others commit."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.api.credentials import tokens
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from tests.support.feed import (
    FAULTLESS,
    WRITE,
    Key,
    Writers,
    judge,
    new_streams,
    until,
    writing,
    written,
)
from tests.support.followers import Follower, SocketFollower, following
from tests.support.gateways import Gateway

STREAMS = 200
WRITERS = 4
# It is about coming back. Writers without a pause would keep all cores busy with what they have to be told.
PAUSE_SECONDS = 0.1
EACH_FOLLOWS = 3
WHOLE_EVERY = 100
PATIENCE_SECONDS = 300.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the herd."""

    events: int
    clients: int
    faulty_clients: int
    seconds_to_come_back: float
    while_open: int
    """How many events of others every client had been given before the long transaction committed."""


class Herding(SocketFollower):
    """Comes back the moment that the gate opens, as all the others do."""

    def __init__(self, gate: asyncio.Event, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._gate = gate

    async def connect(self, gateway: str) -> None:
        """Be connected."""
        await self._gate.wait()
        await super().connect(gateway)


async def herd(
    database_url: str, folder: Path, *, clients: int, seconds_open: float, more: int = 300
) -> Outcome:
    """Have everybody come back at once, and compare what each was given with the table."""
    gateway = Gateway(database_url, folder)
    venture_id, token, streams = await _world(database_url)
    gate = asyncio.Event()
    followers = _herd(gate, gateway, token, streams[1:], clients)
    writers = Writers(
        database_url, venture_id, streams[1:], seed=clients, pause_seconds=PAUSE_SECONDS
    )
    await gateway.start()
    gate.set()
    try:
        async with following(followers):
            await _all_live(followers)
            async with asyncio.TaskGroup() as group:
                for number in range(WRITERS):
                    group.create_task(writers.write(number))
                async with writing(database_url) as (connection, transaction):
                    await connection.fetchval(WRITE, streams[0], venture_id)
                    ends_at = time.monotonic() + seconds_open
                    took = await _lose_all(gate, gateway, followers, writers, more)
                    await asyncio.sleep(max(0.0, ends_at - time.monotonic()))
                    others = set(writers.acknowledged)
                    await _given(followers, others)  # the open transaction holds nobody else up
                    await transaction.commit()
                writers.stop()
            truth = await written(database_url)
            await _given(followers, truth)
    finally:
        gateway.kill()
    faulty = sum(_verdict_is_bad(one, truth) for one in followers)
    return Outcome(
        events=len(truth),
        clients=clients,
        faulty_clients=faulty,
        seconds_to_come_back=took,
        while_open=len(others),
    )


async def _world(database_url: str) -> tuple[UUID, str, list[UUID]]:
    engine = PostgresEngine(database_url, settings=Settings())
    await engine.open()
    try:
        venture_id: UUID = await engine.call_value("open_venture", slug="acme")
        token = (await tokens.create(engine, venture_id, name="herd", role="viewer"))["token"]
        return venture_id, token, await new_streams(engine, venture_id, STREAMS)
    finally:
        await engine.close()


def _herd(
    gate: asyncio.Event, gateway: Gateway, token: str, streams: Sequence[UUID], clients: int
) -> list[SocketFollower]:
    """A few follow all of the venture, the others some streams of it."""
    chance = random.Random(clients)
    return [
        Herding(
            gate,
            [gateway.url],
            token,
            venture="acme",
            streams=() if n % WHOLE_EVERY == 0 else chance.sample(streams, EACH_FOLLOWS),
            seed=n,
        )
        for n in range(clients)
    ]


async def _lose_all(
    gate: asyncio.Event,
    gateway: Gateway,
    followers: Sequence[Follower],
    writers: Writers,
    more: int,
) -> float:
    """Kill the gateway under them while others write; how long they took to be live again."""
    await _written_more(writers, more)
    gate.clear()
    gateway.kill()
    for follower in followers:
        follower.is_live = False
    await _written_more(writers, more)
    await gateway.start()
    began = time.monotonic()
    gate.set()
    await _all_live(followers)
    return time.monotonic() - began


async def _written_more(writers: Writers, more: int) -> None:
    enough = len(writers.acknowledged) + more
    await until(
        lambda: len(writers.acknowledged) >= enough, "the writers wrote", seconds=PATIENCE_SECONDS
    )


async def _all_live(followers: Sequence[Follower]) -> None:
    await until(
        lambda: all(one.is_live for one in followers), "all are live", seconds=PATIENCE_SECONDS
    )


async def _given(followers: Sequence[Follower], keys: set[Key]) -> None:
    """Wait until every client was given so many; the verdict says what is wrong if that never comes."""
    wanted = [(one, sum(one.wants(key) for key in keys)) for one in followers]
    await until(
        lambda: all(len(one.delivered) >= count for one, count in wanted),
        "every client was given what there is",
        seconds=PATIENCE_SECONDS,
    )


def _verdict_is_bad(follower: Follower, truth: set[Key]) -> bool:
    mine = {key for key in truth if follower.wants(key)}
    return judge(follower.delivered, mine) != FAULTLESS or follower.resets > 0
