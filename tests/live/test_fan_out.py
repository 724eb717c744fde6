"""Many gateways, one reader: each is given every event once and in order, whatever the bus does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from holdfast.config import Settings
from holdfast.engine import texts
from holdfast.engine.postgres import PostgresEngine
from holdfast.live import fan_out, told
from holdfast.live.hub import Hub
from holdfast.live.listening import Listener
from holdfast.live.reader import Reader
from tests.support.api import serving
from tests.support.bus import CountingBus, MuteBus, NatsServer, RoughBus, Sharing, nowhere, sharing
from tests.support.feed import (
    END_ALL_OTHERS,
    FAULTLESS,
    WRITE,
    Key,
    Writers,
    ask,
    judge,
    new_streams,
    until,
    write_batch,
    written,
)
from tests.support.live import Client, subscribed
from tests.support.patience import PATIENCE_SECONDS
from tests.support.streams import listening

WRITERS = 4
STREAMS = 12
ENOUGH = 150
ROUGH_ENOUGH = 10
LONG_SECONDS = 600.0
"""So long that within a test it is never over."""


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(tmp_path / "nats.log")
    await server.start()
    yield server
    server.kill()


@pytest.fixture
async def venture_id(engine: PostgresEngine) -> UUID:
    created: UUID = await engine.call_value("open_venture", slug="acme")
    return created


@pytest.fixture(autouse=True)
def nothing_was_healed(caplog: pytest.LogCaptureFixture) -> Any:
    """The hub repairs what its source leaves out, and says so: it never may have to."""
    with caplog.at_level(logging.WARNING):
        yield
    assert "left out" not in caplog.text


@asynccontextmanager
async def two(
    engine: PostgresEngine, nats: NatsServer, **options: Any
) -> AsyncIterator[tuple[Sharing, Sharing]]:
    """A gateway that leads and one that follows."""
    async with AsyncExitStack() as stack:
        leader = await stack.enter_async_context(sharing(engine, nats.url, **options))
        await until(lambda: leader.leads and leader.bus.is_there, "the first one leads")
        follower = await stack.enter_async_context(sharing(engine, nats.url, **options))
        assert not follower.leads
        yield leader, follower


class Traffic:
    """Writers of many streams, and what both gateways must have been given of it."""

    def __init__(self, engine: PostgresEngine, venture_id: UUID, *gateways: Sharing) -> None:
        self._engine = engine
        self._venture_id = venture_id
        self._gateways = gateways
        self._before: set[Key] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Traffic:
        self._before = await written(self._engine.url)
        streams = await new_streams(self._engine, self._venture_id, STREAMS)
        self._writers = Writers(
            self._engine.url, self._venture_id, streams, seed=20261122, pause_seconds=0.01
        )
        self._tasks = [asyncio.create_task(self._writers.write(n)) for n in range(WRITERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writers.stop()
        await asyncio.gather(*self._tasks)

    async def more(self) -> None:
        """Wait until much more was written."""
        enough = len(self._writers.acknowledged) + ENOUGH
        await until(lambda: len(self._writers.acknowledged) >= enough, "the writers wrote")

    async def given_to_all(self) -> None:
        """Wait until all gateways were given what was written so far."""
        so_far = set(self._writers.acknowledged)
        for gateway in self._gateways:
            await until(lambda g=gateway: so_far <= set(g.given), "it was given")  # type: ignore[misc]

    async def end(self) -> set[Key]:
        """Everything that was written, as soon as all gateways had the time to be given it."""
        self._writers.stop()
        await asyncio.gather(*self._tasks)
        await self.given_to_all()
        return await written(self._engine.url) - self._before


async def together(
    engine: PostgresEngine, venture_id: UUID, leader: Sharing, follower: Sharing
) -> UUID:
    """A stream of which the follower was told an event over the bus: from here on both stand at the same places."""
    [stream] = await new_streams(engine, venture_id, 1)
    told_before = follower.sources["bus"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while follower.sources["bus"] == told_before:
            await write_to(engine, venture_id, stream, leader, follower)
    return stream


async def write_to(
    engine: PostgresEngine, venture_id: UUID, stream: UUID, *gateways: Sharing
) -> None:
    """Write an event and wait until the gateways were given it."""
    key = stream, await ask(engine.url, WRITE, stream, venture_id)
    for one in gateways:
        await until(lambda g=one: key in g.given, "it was given")  # type: ignore[misc]


class CountingReader(Reader):
    """Counts what a follower asks."""

    asked = 0

    async def end(self, *arguments: Any) -> Any:
        CountingReader.asked += 1
        return await super().end(*arguments)

    async def ahead(self, *arguments: Any) -> Any:
        CountingReader.asked += 1
        return await super().ahead(*arguments)

    def batch(self, *arguments: Any, **named: Any) -> Any:
        CountingReader.asked += 1
        return super().batch(*arguments, **named)


async def test_a_follower_is_told_everything_and_asks_the_database_for_nothing(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "Reader", CountingReader)
    async with two(engine, nats, quiet_seconds=LONG_SECONDS) as (leader, follower):
        stream = await together(engine, venture_id, leader, follower)
        asked, read = CountingReader.asked, follower.sources["database"]
        assert asked > 0
        async with (
            subscribed(leader.hub, engine, venture_id) as there,
            subscribed(follower.hub, engine, venture_id) as here,
        ):
            for client in (there, here):
                await client.until_told("caught_up")
            since = here.cursor
            others = await new_streams(engine, venture_id, 2)
            for _ in range(10):
                for one in (stream, *others):
                    await ask(engine.url, WRITE, one, venture_id)
            items = await items_of(here, 34)
            await there.until(34)

        assert (CountingReader.asked, follower.sources["database"]) == (asked, read)
        assert [item.event for item in items] == there.events
        assert judge(follower.given, set(follower.given)) == FAULTLESS
        await the_cursors_lead_to_the_rest(engine, venture_id, items, leader.hub, follower.hub)
    async with subscribed(Hub(engine), engine, venture_id, since=since) as database:
        await database.until(34)
        assert database.events == there.events


async def items_of(client: Client, count: int) -> list[Any]:
    items: list[Any] = []
    while len(items) < count:
        for frame in await client.outbox.take():
            items += frame.group.items  # type: ignore[union-attr]
    return items


async def the_cursors_lead_to_the_rest(
    engine: PostgresEngine, venture_id: UUID, items: list[Any], *hubs: Hub
) -> None:
    for hub in hubs:
        for forgetful in (False, True):
            if forgetful:
                hub.ring.clear()
            for number, item in enumerate(items, start=1):
                async with subscribed(hub, engine, venture_id, since=str(item.cursor)) as back:
                    await back.until(len(items) - number)
                    await back.until_told("caught_up")
                assert back.events == [one.event for one in items[number:]]


async def test_a_bus_that_is_killed_and_comes_back_costs_no_event(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats) as (leader, follower):
        async with Traffic(engine, venture_id, leader, follower) as traffic:
            await traffic.more()
            nats.kill()
            await until(lambda: not follower.bus.is_there, "its loss was noticed")
            told_before, read_before = follower.sources["bus"], follower.sources["database"]
            await traffic.more()
            await traffic.given_to_all()
            told_meanwhile = follower.sources["bus"] - told_before
            read_meanwhile = follower.sources["database"] - read_before
            await nats.start()
            await until(lambda: leader.bus.is_there and follower.bus.is_there, "it is back")
            told_in_all = follower.sources["bus"]
            await traffic.more()
            truth = await traffic.end()
        for gateway in (leader, follower):
            assert judge(gateway.given, truth) == FAULTLESS
        assert told_before > 0
        assert read_meanwhile > told_meanwhile
        assert follower.sources["bus"] > told_in_all


async def test_a_bus_that_loses_doubles_and_reorders_costs_no_event(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats, bus=RoughBus) as (leader, follower):
        assert isinstance(leader.bus, RoughBus)
        async with Traffic(engine, venture_id, leader, follower) as traffic:
            while min(leader.bus.did[fate] for fate in RoughBus.FATES) < ROUGH_ENOUGH:
                await traffic.more()
            truth = await traffic.end()
        for gateway in (leader, follower):
            assert judge(gateway.given, truth) == FAULTLESS
        assert min(follower.sources["bus"], follower.sources["database"]) > ROUGH_ENOUGH


async def test_when_the_leader_stops_the_follower_leads_and_tells_the_next_one(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with (
        two(engine, nats) as (first, second),
        sharing(engine, nats.url, stand_by_seconds=LONG_SECONDS) as third,
    ):
        async with Traffic(engine, venture_id, second, third) as traffic:
            await traffic.more()
            await first.stop()
            await until(lambda: second.leads, "the second one leads")
            told_before = third.sources["bus"]
            await traffic.more()
            await until(lambda: third.sources["bus"] > told_before, "it tells the third one")
            truth = await traffic.end()
        for gateway in (second, third):
            assert judge(gateway.given, truth) == FAULTLESS
        assert judge(first.given, truth).invented == 0


async def test_a_follower_that_is_elected_while_it_listens_leads_at_once(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats, quiet_seconds=LONG_SECONDS) as (first, second):
        stream = await together(engine, venture_id, first, second)
        await first.stop()
        await until(lambda: second.leads, "the second one leads")
        await write_to(engine, venture_id, stream, second)


END_THE_LEADERS_CONNECTION = """
select count(pg_terminate_backend(l.pid)) from pg_locks l join pg_database d on d.oid = l.database
where l.locktype = 'advisory' and l.granted and d.datname = current_database()
"""


async def test_a_leader_that_loses_its_lock_follows_and_loses_nothing(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats, bus=CountingBus) as (first, second):
        assert isinstance(first.bus, CountingBus)
        rival = await asyncpg.connect(engine.url)
        async with Traffic(engine, venture_id, first, second) as traffic:
            await traffic.more()
            taking = asyncio.create_task(rival.execute(waiting_for_the_lead()))
            await until(lambda: waits(engine.url), "somebody else waits to lead")
            assert await ask(engine.url, END_THE_LEADERS_CONNECTION) == 1
            await taking
            await until(lambda: bool(first.bus._ears and second.bus._ears), "both listen")
            published = first.bus.published
            await traffic.more()
            assert first.bus.published == published > 0
            await rival.close()
            await until(lambda: first.leads or second.leads, "one leads again")
            await traffic.more()
            truth = await traffic.end()
        for gateway in (first, second):
            assert judge(gateway.given, truth) == FAULTLESS


def waiting_for_the_lead() -> str:
    return texts.query("lead_feed").replace("pg_try_advisory_lock", "pg_advisory_lock")


async def waits(url: str) -> bool:
    waiting = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    return bool(await ask(url, waiting))


async def test_a_batch_of_more_than_a_chunk_reaches_the_followers_subscriber_once(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats, quiet_seconds=LONG_SECONDS) as (leader, follower):
        await together(engine, venture_id, leader, follower)
        async with subscribed(follower.hub, engine, venture_id) as client:
            await client.until_told("caught_up")
            streams = await new_streams(engine, venture_id, 3)
            await write_batch(engine.url, venture_id, streams, each=300)
            await write_batch(engine.url, venture_id, streams, each=1)
            await client.until(3 * 303)
        for stream in streams:
            assert [seq for of, seq in client.keys if of == stream] == list(range(1, 304))
        assert judge(follower.given, set(follower.given)) == FAULTLESS


async def test_a_batch_that_is_too_large_for_a_message_is_read_by_each(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(engine, nats, quiet_seconds=LONG_SECONDS) as (leader, follower):
        stream = await together(engine, venture_id, leader, follower)
        monkeypatch.setattr(told, "MOST_BYTES", 100)
        read_before = follower.sources["database"]
        async with subscribed(follower.hub, engine, venture_id) as client:
            await client.until_told("caught_up")
            seqs = [await ask(engine.url, WRITE, stream, venture_id) for _ in range(5)]
            await client.until(5)
        assert client.keys == [(stream, seq) for seq in seqs]
        assert follower.sources["database"] > read_before


@pytest.fixture
async def twin(engine: PostgresEngine, template: str) -> AsyncIterator[PostgresEngine]:
    """A copy on the same server, which has the same epoch, and where the same cursors hold."""
    name = await ask(engine.url, "select current_database()")
    await ask(engine.url, f"create database {name}_twin template {template} strategy file_copy")
    opened = PostgresEngine(engine.url.replace(name, f"{name}_twin", 1), settings=Settings())
    await opened.open()
    yield opened
    await opened.close()
    await ask(engine.url, f"drop database {name}_twin with (force)")


async def test_what_is_told_of_a_copy_of_the_database_is_not_heard(
    engine: PostgresEngine, twin: PostgresEngine, nats: NatsServer
) -> None:
    async with (
        two(engine, nats, quiet_seconds=LONG_SECONDS) as (leader, follower),
        two(twin, nats, quiet_seconds=LONG_SECONDS) as (_, follower_of_twin),
    ):
        assert leader.hub.cursor == follower_of_twin.hub.cursor
        for gateway in (follower, follower_of_twin):
            await until(lambda g=gateway: g.bus.is_there, "they listen")  # type: ignore[misc]
        venture_id = await engine.call_value("open_venture", slug="acme")
        await together(engine, venture_id, leader, follower)
        await twin.call_value("open_venture", slug="acme")
        await until(lambda: bool(follower_of_twin.given), "it was given its own")
        assert set(follower_of_twin.given) <= await written(twin.url)


async def test_a_message_that_nobody_of_ours_has_sent_harms_nothing(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats, quiet_seconds=LONG_SECONDS) as (leader, follower):
        stream = await together(engine, venture_id, leader, follower)
        [ear] = follower.bus._ears
        for nonsense in (b"\xff", b"[]", b'{"begin":1,"end":2}', b'{"begin":"x","end":"y"}'):
            await leader.bus.publish(ear.subject, nonsense)
        await write_to(engine, venture_id, stream, follower)
        assert judge(follower.given, set(follower.given)) == FAULTLESS


async def test_the_loss_of_the_database_delays_both_and_loses_nothing(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats) as (leader, follower):
        stream = await together(engine, venture_id, leader, follower)
        for _ in range(3):
            await ask(engine.url, WRITE, stream, venture_id)
            await ask(engine.url, END_ALL_OTHERS)
            await write_to(engine, venture_id, stream, leader, follower)
        for gateway in (leader, follower):
            seqs = [seq for of, seq in gateway.given if of == stream]
            assert seqs == list(range(seqs[0], seqs[-1] + 1))


async def test_when_the_history_changes_the_subscribers_of_both_are_reset(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID
) -> None:
    async with two(engine, nats) as (leader, follower):
        stream = await together(engine, venture_id, leader, follower)
        async with (
            subscribed(leader.hub, engine, venture_id) as there,
            subscribed(follower.hub, engine, venture_id) as here,
        ):
            for client in (there, here):
                await client.until_told("caught_up")
            await ask(engine.url, "update holdfast.feed_epoch set nonce = gen_random_uuid()")
            for client in (there, here):
                await client.until_told("reset")
                while client.notices[-1]["type"] != "caught_up":
                    await client.take()
            told_before = follower.sources["bus"]
            written_since = 0
            async with asyncio.timeout(PATIENCE_SECONDS):
                while follower.sources["bus"] == told_before:
                    await write_to(engine, venture_id, stream, leader, follower)
                    written_since += 1
            for client in (there, here):
                await client.until(written_since)
            assert there.keys == here.keys


async def test_a_follower_that_nobody_tells_asks_for_itself_more_often(
    engine: PostgresEngine, nats: NatsServer, venture_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(engine, nats, bus=MuteBus) as (_, follower):
        await until(lambda: follower.bus.is_there, "the bus is there")
        [stream] = await new_streams(engine, venture_id, 1)
        await write_to(engine, venture_id, stream, follower)
        monkeypatch.setattr(Listener, "_note_being_current", be_current)
        for _ in range(3):
            await write_to(engine, venture_id, stream, follower)
        assert follower.sources["bus"] == 0


def be_current(listener: Listener) -> None:
    listener._is_current_until = time.monotonic() + LONG_SECONDS


async def test_a_gateway_stands_for_election_when_somebody_needs_its_feed(
    engine: PostgresEngine, nats: NatsServer
) -> None:
    other = await asyncpg.connect(engine.url)  # which rings the pointers, so that this one need not
    assert await other.fetchval(texts.query("lead_pointers"))
    async with serving(engine, nats_url=nats.url) as server:
        assert await ask(engine.url, LEADERS) == 0
        async with listening(server) as source:
            await source.until("caught_up")
            await until(lambda: is_led(engine.url), "it is elected")
    await other.close()


LEADERS = """
select count(*) from pg_locks l, hashtextextended('holdfast.feed', 0) as key
where l.locktype = 'advisory' and l.granted and l.objid::bigint = key & 4294967295
    and l.database = (select oid from pg_database where datname = current_database())
"""


async def is_led(url: str) -> bool:
    return bool(await ask(url, LEADERS))


async def test_a_follower_whose_bus_is_nowhere_reads_the_database(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    async with (
        sharing(engine, nowhere(), quiet_seconds=LONG_SECONDS) as leader,
        sharing(engine, nowhere(), quiet_seconds=LONG_SECONDS) as follower,
    ):
        await until(lambda: leader.leads or follower.leads, "one leads")
        [stream] = await new_streams(engine, venture_id, 1)
        for _ in range(3):
            await write_to(engine, venture_id, stream, leader, follower)


async def test_a_gateway_serves_while_its_bus_is_nowhere(
    engine: PostgresEngine, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(engine, nats_url=nowhere(), api_metrics_token="of-prometheus") as server:
        [stream] = await new_streams(engine, server.venture_id, 1)
        async with listening(server) as source:
            await source.until("caught_up")
            await ask(engine.url, WRITE, stream, server.venture_id)
            await source.until_events(1)
        async with server.client(None) as client:
            headers = {"Authorization": "Bearer of-prometheus"}
            metrics = (await client.get("/metrics", headers=headers)).text
    assert source.keys == [(stream, 3)]
    assert 'holdfast_feed_chunks_total{source="database"}' in metrics
    assert "The bus is away" in caplog.text
    assert "secret" not in caplog.text
