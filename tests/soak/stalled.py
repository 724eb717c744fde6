"""Clients that do not read, and what the others notice of them: nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import secrets
import socket
import statistics
import time
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from bench._live_server import percentile
from websockets.asyncio.client import ClientConnection

from holdfast.api.credentials import tokens
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from tests.support.feed import FAULTLESS, judge, new_streams, until, written
from tests.support.followers import LOST, SocketFollower, following, not_reading
from tests.support.gateways import Gateway

STREAMS = 40
EACH_FOLLOWS = 3
LARGE_BYTES = 6000
STALLED_SHARE = 0.05


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How long events took to the clients that read, beside others that do too and beside some that do not: rounds, in milliseconds."""

    reading: list[list[float]]
    beside: list[list[float]]
    faulty_clients: int
    turned_away: int
    """How many times a client that did not read lost its connection."""

    def slower(self, share: float) -> float:
        """A percentile beside stalled clients over the same beside as many that read: the median of the rounds."""
        rounds = zip(self.beside, self.reading, strict=True)
        return statistics.median(
            percentile(beside, share) / percentile(reading, share) for beside, reading in rounds
        )


class Timed(SocketFollower):
    """Notes how long each event took to it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.took: list[float] = []

    def keep(self, event: dict[str, Any], cursor: str) -> bool:
        """Keep an event."""
        written_at = datetime.fromisoformat(event["time"]).timestamp()
        self.took.append((time.time() - written_at) * 1000)
        return super().keep(event, cursor)


class Stalled(SocketFollower):
    """Once it is live it reads nothing for so long that the server gives it up; comes back, and does it again until it is told to read."""

    reads = False
    turned_away = 0

    async def connect(self, gateway: str) -> None:
        """Be connected, and count how often that ends."""
        try:
            await super().connect(gateway)
        except LOST:
            self.turned_away += 1
            raise
        self.turned_away += 1

    async def _take(self, connection: ClientConnection, message: dict[str, Any]) -> bool:
        # What is still catching up is given no more than it takes, so the server has nothing against it.
        self.stalls = self.is_live and not self.reads
        return await super()._take(connection, message)

    def _socket(self, gateway: str) -> socket.socket | None:
        """With room for little: set before it connects, or the kernel would take in many megabytes in its stead."""
        if self.reads:
            return None
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        address = urlsplit(gateway)
        made.connect((address.hostname, address.port))
        made.setblocking(False)
        return made

    async def _stall(self, connection: ClientConnection) -> None:
        with not_reading(connection):
            while not self.reads:
                await connection.send('{"type":"pong"}')  # fails once the server has hung up
                await asyncio.sleep(0.2)


async def stalled(
    database_url: str, folder: Path, *, clients: int, rounds: int, seconds: float, rate: float
) -> Outcome:
    """Write at a rate, in turns beside clients that stall and beside as many that read; at the end everybody has everything."""
    gateway = Gateway(database_url, folder)
    engine = PostgresEngine(database_url, settings=Settings())
    await engine.open()
    try:
        venture_id: UUID = await engine.call_value("open_venture", slug="acme")
        token = (await tokens.create(engine, venture_id, name="soak", role="viewer"))["token"]
        streams = await new_streams(engine, venture_id, STREAMS)
        await gateway.start()
        crowd = Crowd(gateway, token, streams, clients)
        async with following(crowd.readers):
            await until(
                lambda: all(one.is_live for one in crowd.readers), "all are live", seconds=120
            )
            reading: list[list[float]] = []
            beside: list[list[float]] = []
            for _ in range(rounds):
                # As many, who follow the same and read: what they cost is not what is asked.
                async with following(crowd.peers):
                    await until(
                        lambda: all(one.is_live for one in crowd.peers),
                        "peers are live",
                        seconds=120,
                    )
                    reading.append(
                        await crowd.took(_write(engine, venture_id, streams, rate, seconds))
                    )
                async with following(crowd.idlers):
                    beside.append(
                        await crowd.took(_write(engine, venture_id, streams, rate, seconds))
                    )
            faulty = await crowd.faulty(database_url)
    finally:
        gateway.kill()
        await engine.close()
    turned_away = sum(one.turned_away for one in crowd.idlers)
    return Outcome(reading=reading, beside=beside, faulty_clients=faulty, turned_away=turned_away)


class Crowd:
    """Clients that read, and a few that do not."""

    def __init__(self, gateway: Gateway, token: str, streams: Sequence[UUID], clients: int) -> None:
        chance = random.Random(clients)
        urls = [gateway.url]
        self.readers = [
            Timed(urls, token, venture="acme", streams=chance.sample(streams, EACH_FOLLOWS), seed=n)
            for n in range(clients)
        ]
        idle = range(max(1, round(clients * STALLED_SHARE)))
        self.idlers = [Stalled(urls, token, venture="acme", seed=n) for n in idle]
        self.peers = [SocketFollower(urls, token, venture="acme", seed=n) for n in idle]

    async def took(self, writing: Coroutine[Any, Any, None]) -> list[float]:
        """How long the events of some writing took to those that read."""
        for one in self.readers:
            one.took.clear()
        await writing
        return [took for one in self.readers for took in one.took]

    async def faulty(self, database_url: str) -> int:
        """Have everybody read to the end, and count those who were not given everything, once and in order."""
        for one in self.idlers:
            one.reads = True
        truth = await written(database_url)
        everybody: list[SocketFollower] = [*self.readers, *self.idlers]
        mine = [(one, {key for key in truth if one.wants(key)}) for one in everybody]
        async with following(self.idlers):
            await until(
                lambda: all(len(one.delivered) >= len(keys) for one, keys in mine),
                "every client was given what there is",
                seconds=300,
            )
        return sum(judge(one.delivered, keys) != FAULTLESS for one, keys in mine)


async def _write(
    engine: PostgresEngine, venture_id: UUID, streams: Sequence[UUID], rate: float, seconds: float
) -> None:
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        count = 0
        while (passed := time.monotonic() - began) < seconds:
            while count < passed * rate:
                group.create_task(_annotate(engine, venture_id, streams[count % len(streams)]))
                count += 1
            await asyncio.sleep(0.005)


async def _annotate(engine: PostgresEngine, venture_id: UUID, stream: UUID) -> None:
    await engine.call(
        "annotate_execution",
        execution_id=stream,
        metadata={"large": secrets.token_hex(LARGE_BYTES // 2)},
        venture_id=venture_id,
    )
