"""What gateways tell each other: which messages are believed, by which bus, and which addresses it has."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from uuid import UUID

import pytest

from holdfast.api.app import make_app
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import ConfigError
from holdfast.live import bus as live_bus
from holdfast.live.bus import MOST_HEARD_BYTES, Bus, Ear
from holdfast.live.listening import Listener
from holdfast.live.reader import Reader
from holdfast.live.tail import Tail, position, reading
from holdfast.live.told import Told, pack_told, unpack_told
from tests.support.bus import nowhere
from tests.support.feed import WRITE, ask, new_streams, until, write_batch

LONG_SECONDS = 600.0


@pytest.fixture
async def venture_id(engine: PostgresEngine) -> UUID:
    created: UUID = await engine.call_value("open_venture", slug="acme")
    return created


@pytest.mark.parametrize(
    "url", ["http://nats:4222", "nats", "nats://", "nats://a:b", "nats://a:1,nothing", "nats://a:0"]
)
async def test_an_address_that_is_none_is_refused_and_not_shown(
    engine: PostgresEngine, url: str
) -> None:
    with pytest.raises(ConfigError, match="not the address of a NATS server") as refused:
        await make_app(Settings(nats_url=url), engine)
    assert "nats://nats.internal:4222" in str(refused.value.hint)
    assert repr(url) not in f"{refused.value} {Settings(nats_url=url)!r}"


def test_without_the_library_the_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nats", "nats.aio", "nats.aio.client"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match="not installed") as refused:
        Bus("nats://nats:4222")
    assert 'pip install "holdfast[nats]"' in str(refused.value.hint)


def test_who_does_not_set_it_does_not_load_the_library() -> None:
    program = "import sys, holdfast.api.app; sys.exit('nats' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


async def test_only_a_whole_batch_is_told_with_its_rows(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    streams = await new_streams(engine, venture_id, 3)
    tail = Tail(engine, venture_id=None, since=await position(engine))
    chunks = tail.chunks()
    await write_batch(engine.url, venture_id, streams, each=1)
    whole = await anext(chunks)
    await write_batch(engine.url, venture_id, streams, each=200)
    parts = [await anext(chunks), await anext(chunks)]
    await chunks.aclose()

    heard = unpack_told(pack_told(whole))
    assert heard is not None
    assert heard.chunk is not None
    assert list(heard.chunk.items()) == list(whole.items())
    last = unpack_told(pack_told(parts[-1]))
    assert last == Told(begin=whole.cursor, end=parts[-1].end, rows=None)
    assert b"rows" not in pack_told(parts[-1])
    with_one_less = dataclasses.replace(whole, rows=whole.rows[:-1])
    assert unpack_told(pack_told(with_one_less)) is None


async def test_who_has_missed_a_batch_reads_to_its_end_and_believes_the_next_one(
    engine: PostgresEngine, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    start = await position(engine)
    chunks = Tail(engine, venture_id=None, since=start).chunks()
    batches = []
    for _ in range(3):
        await ask(engine.url, WRITE, stream, venture_id)
        batches.append(await anext(chunks))
    await chunks.aclose()

    ear = Ear("subject")
    sources: list[str] = []
    async with reading(engine) as connection:
        listener = Listener(
            Reader(connection, None),
            ear,
            start,
            bus=Bus(nowhere()),
            poll_seconds=LONG_SECONDS,
            on_chunk=sources.append,
        )
        given = []
        for batch in batches[1:]:
            ear.hear(pack_told(batch))
            given += [row["seq"] async for chunk in listener.next() for row in chunk.rows]

    assert given == [3, 4, 5]
    assert sources == ["database", "bus"]


class TryingBus(Bus):
    tries = 0

    async def _miss(self, error: Exception) -> None:
        self.tries += 1
        await super()._miss(error)


async def test_a_bus_that_is_away_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live_bus, "RECONNECT_SECONDS", 0)
    bus = TryingBus(nowhere())
    bus.start()
    await until(lambda: bus.tries > 3, "it was tried again and again")
    await bus.stop()
    await bus.stop()  # safe
    assert caplog.text.count("The bus is away") == 1


async def test_what_finds_no_room_in_an_ear_is_dropped() -> None:
    ear = Ear("subject")
    for _ in range(5):
        ear.hear(bytes(MOST_HEARD_BYTES // 3))
    assert [len(await ear.next(0) or b"") for _ in range(3)] == [MOST_HEARD_BYTES // 3] * 2 + [0]
