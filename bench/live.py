"""The live feed: from the write to the client, what it costs the writer, and what the older ways would cost."""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from bench._live_plot import draw
from bench._live_probe import probing
from bench._live_server import Gateway, Subscribers, gateways, percentile, write
from bench._server import connected
from bench._support import ROUNDS, Bench, Figure, Samples, compare
from holdfast.api.credentials import tokens
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine

TITLE = "live: from the write to the client, by rate, subscribers and gateways"
RATES = (200, 1000, 3000)
SUBSCRIBERS = (1, 10, 100, 1000)
GATEWAYS = (1, 2)
STREAMS = 20
POLL_SECONDS = 3.0
PLOT = Path(__file__).parents[1] / "docs" / "pictures" / "live-latency.svg"
QUICK_SECONDS = 30.0
PROMISED_SECONDS = 4.0
# Disks and neighbours change a writer's rate by a tenth from one round to the next.
ROUNDS_OF_COST = 7
_TRIGGER = """
create schema if not exists bench;
create function bench.tell() returns trigger language plpgsql as $$
begin
    perform pg_notify('bench_live', extract(epoch from clock_timestamp())::text);
    return null;
end
$$;
create trigger tell after update on holdfast.agent_executions for each row execute function bench.tell();
"""


class World:
    """A database with streams to write to, and what a subscriber needs."""

    def __init__(self, engine: PostgresEngine, venture_id: UUID, streams: list[UUID], token: str):
        self.engine = engine
        self.venture_id = venture_id
        self.probed, *self.streams = streams
        self.token = token

    def subscribers(self, running: list[Gateway]) -> Subscribers:
        """Subscribers of the first stream, spread over gateways."""
        urls = [gateway.url for gateway in running]
        return Subscribers(token=self.token, venture="acme", stream=self.streams[0], urls=urls)

    async def write(self, rate: float, seconds: float) -> float:
        """Write at a rate."""
        return await write(self.engine, self.venture_id, self.streams, rate=rate, seconds=seconds)


async def run(bench: Bench) -> list[Figure]:
    quick = bench.seconds <= QUICK_SECONDS
    rates, crowds = ((1000,), (1, 100)) if quick else (RATES, SUBSCRIBERS)
    machines = (1,) if quick else GATEWAYS
    seconds = max(2.0, bench.seconds / (len(rates) * len(crowds) * len(machines) + 4))
    url = await bench.server.database()
    figures: list[Figure] = []
    latencies: dict[tuple[int, int, int], list[float]] = {}
    async with _world(url) as world:
        yardsticks = {rate: await _unavoidable(world, rate, seconds) for rate in rates}
        for count in machines:
            async with gateways(url, count) as running:
                for crowd in crowds:
                    for rate in rates:
                        took = await _latency(world, running, crowd, rate, seconds)
                        latencies[rate, crowd, count] = took
                        figures += _figures(rate, crowd, count, took, yardsticks[rate])
        async with gateways(url, 1) as running:
            figures.append(await _promised(world, running, max(seconds, PROMISED_SECONDS)))
            figures += await _cost(world, running, seconds, crowd=100 if quick else 1000)
            figures.append(await _own_work(world, running[0], seconds))
        figures += [
            await _polling(world, seconds, yardsticks[min(rates)]),
            await _trigger(world, seconds, yardsticks[1000]),
        ]
    await bench.server.drop(url)
    if not quick:
        _keep_plot(draw(latencies))
    return figures


def _keep_plot(plot: str) -> None:
    PLOT.write_text(plot)


@asynccontextmanager
async def _world(url: str) -> AsyncIterator[World]:
    engine = PostgresEngine(url, settings=Settings())
    await engine.open()
    try:
        venture_id = await engine.call_value("open_venture", slug="acme")
        token = (await tokens.create(engine, venture_id, name="bench", role="viewer"))["token"]
        streams = []
        for number in range(STREAMS + 1):
            stream = await engine.call_value(
                "create_execution", name=f"work {number}", venture_id=venture_id
            )
            await engine.call("start_execution", execution_id=stream, venture_id=venture_id)
            streams.append(stream)
        yield World(engine, venture_id, streams, token)
    finally:
        await engine.close()


async def _unavoidable(world: World, rate: float, seconds: float) -> float:
    """p99 of a commit and of a round trip while as much is written and nobody watches, in milliseconds.

    Beside idle writers a commit takes a fraction of that, and a ratio to it would tell of the writers, not of the feed.
    """
    async with probing(world.engine.url, world.venture_id, world.probed) as probe:
        await world.write(rate, seconds)
    return percentile(probe.commits, 0.99) + percentile(probe.round_trips, 0.99)


async def _latency(
    world: World, running: list[Gateway], crowd: int, rate: int, seconds: float
) -> list[float]:
    subscribers = world.subscribers(running)
    await subscribers.start(crowd)
    await world.write(rate, seconds)
    await asyncio.sleep(0.5)  # what is on its way counts too
    return await subscribers.stop()


def _figures(
    rate: int, crowd: int, count: int, took: list[float], yardstick: float
) -> list[Figure]:
    name = f"{rate:,} events/s, {crowd:,} subscriber(s), {count} gateway(s): "
    return [
        _figure(f"{name}p50 / commit + round trip", percentile(took, 0.5), yardstick),
        _figure(f"{name}p99 / commit + round trip", percentile(took, 0.99), yardstick),
    ]


async def _promised(world: World, running: list[Gateway], seconds: float) -> Figure:
    """The one that there is a target for, in rounds: the yardstick and the feed in turn."""
    rate, crowd = 1000, 100
    samples: Samples = {"feed": [], "yardstick": []}
    for _ in range(ROUNDS):
        samples["yardstick"].append(await _unavoidable(world, rate, seconds))
        took = await _latency(world, running, crowd, rate, seconds)
        samples["feed"].append(percentile(took, 0.99))
    return compare(
        f"{rate:,} events/s, {crowd:,} subscribers: p99 / commit + round trip, {ROUNDS} rounds",
        samples,
        "feed",
        "yardstick",
        unit="ms",
        at_most=3.0,
    )


async def _cost(
    world: World, running: list[Gateway], seconds: float, *, crowd: int
) -> list[Figure]:
    """The writer as fast as it can, alone and watched; and what the watchers take of memory."""
    rates: Samples = {"alone": [], "watched": []}
    subscribers = world.subscribers(running)
    await subscribers.start(1)
    before = running[0].resident_bytes()
    await subscribers.stop()
    per_connection = 0.0
    for _ in range(ROUNDS_OF_COST):
        rates["alone"].append(await world.write(10**6, seconds / 2))
        subscribers = world.subscribers(running)
        await subscribers.start(crowd)
        per_connection = max(per_connection, (running[0].resident_bytes() - before) / crowd)
        rates["watched"].append(await world.write(10**6, seconds / 2))
        await subscribers.stop()
    return [
        compare(
            f"writer with {crowd:,} subscribers / with none",
            rates,
            "watched",
            "alone",
            at_least=0.95,
        ),
        _figure("memory per connection / 64 KiB", per_connection / 1024, 64, unit="KiB"),
    ]


async def _own_work(world: World, gateway: Gateway, seconds: float) -> Figure:
    """What the server works for each event that it delivers, without what the clients and the writer take."""
    crowd, rate = 300, 200.0
    each = []
    for _ in range(3):
        subscribers = world.subscribers([gateway])
        await subscribers.start(crowd)
        before = gateway.cpu_seconds()
        written = await world.write(rate, max(seconds, 4.0)) * max(seconds, 4.0)
        await asyncio.sleep(0.5)
        delivered = written / len(world.streams) * crowd
        each.append((gateway.cpu_seconds() - before) / delivered * 1e6)
        await subscribers.stop()
    bare = _bare_send()
    return Figure(
        name="server's work for a delivered event, 300 subscribers / one bare send",
        ratio=statistics.median(each) / bare,
        lowest=min(each) / bare,
        highest=max(each) / bare,
        measured=statistics.median(each),
        yardstick=bare,
        unit="us",
    )


def _bare_send() -> float:
    """Microseconds of work for a message of an event's size to a socket of this machine."""
    message = os.urandom(400)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as one,
        server.accept()[0] as other,
    ):
        began = time.thread_time()
        for _ in range(5000):
            one.send(message)
            other.recv(65536)
        both = (time.thread_time() - began) / 5000
    return both / 2 * 1e6


async def _polling(world: World, seconds: float, yardstick: float) -> Figure:
    """A client that asks every three seconds, as the older dashboard did."""
    took: list[float] = []
    writing = asyncio.create_task(world.write(200, max(seconds, 2 * POLL_SECONDS)))
    async with connected(world.engine.url) as connection:
        asked = await connection.fetchval("select clock_timestamp()")
        while not writing.done():
            await asyncio.sleep(POLL_SECONDS)
            rows = await connection.fetch(
                "select clock_timestamp() as now, time from holdfast.events where stream_id = $1 and time > $2",
                world.streams[0],
                asked,
            )
            took += [(row["now"] - row["time"]).total_seconds() * 1000 for row in rows]
            asked = max((row["now"] for row in rows), default=asked)
    return _figure("polling every 3 s: p50 / commit + round trip", percentile(took, 0.5), yardstick)


async def _trigger(world: World, seconds: float, yardstick: float) -> Figure:
    """NOTIFY in a row trigger: quick for one, and dear for every writer."""
    took: list[float] = []
    async with connected(world.engine.url) as connection:
        await connection.execute(_TRIGGER)
        await connection.add_listener(
            "bench_live",
            lambda *told: took.append((time.time() - float(str(told[-1]))) * 1000),
        )
        await world.write(1000, seconds)
        await asyncio.sleep(0.2)
        await connection.execute("drop trigger tell on holdfast.agent_executions")
    return _figure(
        "NOTIFY in a trigger, 1,000 events/s: p99 / commit + round trip",
        percentile(took, 0.99),
        yardstick,
    )


def _figure(name: str, measured: float, yardstick: float, *, unit: str = "ms") -> Figure:
    ratio = measured / yardstick
    return Figure(
        name=name,
        ratio=ratio,
        lowest=ratio,
        highest=ratio,
        measured=measured,
        yardstick=yardstick,
        unit=unit,
    )
