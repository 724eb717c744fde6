"""Gateways that share a feed, the NATS between them, and a NATS that is worse than any."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from holdfast.engine.postgres import PostgresEngine
from holdfast.live.bus import Bus
from holdfast.live.chunks import Chunk
from holdfast.live.election import Election
from holdfast.live.fan_out import SharedTail
from holdfast.live.hub import Hub
from tests.support.feed import Key, until
from tests.support.gateways import free_port

STAND_BY_SECONDS = 0.05


def nowhere() -> str:
    """An address at which nobody answers, with a password in it."""
    return f"nats://someone:secret@127.0.0.1:{free_port()}"


class NatsServer:
    """The real one, from its wheel; always at the same port."""

    def __init__(self, log: Path) -> None:
        self._port = free_port()
        self.url = f"nats://127.0.0.1:{self._port}"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it can be connected to."""
        self._launch()
        await until(self._answers, "the NATS server answers")

    def kill(self) -> None:
        """SIGKILL: nobody is told."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _launch(self) -> None:
        binary = Path(sys.executable).with_name("nats-server")
        arguments = [str(binary), "-a", "127.0.0.1", "-p", str(self._port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True


class CountingBus(Bus):
    """Counts what it is given to send."""

    published = 0

    async def publish(self, subject: str, message: bytes) -> None:
        self.published += 1
        await super().publish(subject, message)


class MuteBus(Bus):
    """Can be heard, and brings nothing."""

    async def publish(self, subject: str, message: bytes) -> None:
        pass


class RoughBus(Bus):
    """Loses one message of five, doubles one, and sends one behind the next."""

    FATES = ("lost", "doubled", "late", "sent")

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.did: Counter[str] = Counter()
        self._chance = random.Random(20261122)
        self._late: list[bytes] = []

    async def publish(self, subject: str, message: bytes) -> None:
        fate = self._chance.choice([*self.FATES, "sent"])
        self.did[fate] += 1
        late, self._late = self._late, []
        if fate == "late":
            self._late = [message]
        for one in [*([message] * {"sent": 1, "doubled": 2}.get(fate, 0)), *late]:
            await super().publish(subject, one)


class WatchedTail(SharedTail):
    """Keeps what its hub has taken; what is wrong with that a hub would repair."""

    def __init__(self, given: list[Key], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._given = given

    async def chunks(self) -> AsyncGenerator[Chunk]:
        async with aclosing(super().chunks()) as chunks:
            async for chunk in chunks:
                yield chunk
                self._given += [(row["stream_id"], row["seq"]) for row in chunk.rows]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sharing:
    """A gateway, as far as the feed is concerned."""

    hub: Hub
    election: Election
    bus: Bus
    given: list[Key]
    """What its hub was given, before any healing."""
    sources: Counter[str]
    """From where, in chunks."""

    @property
    def leads(self) -> bool:
        return self.election.leads

    async def stop(self) -> None:
        await self.hub.stop()
        await self.election.stop()
        await self.bus.stop()


@asynccontextmanager
async def sharing(
    engine: PostgresEngine,
    url: str,
    *,
    bus: type[Bus] = Bus,
    quiet_seconds: float = 0.2,
    stand_by_seconds: float = STAND_BY_SECONDS,
) -> AsyncIterator[Sharing]:
    """One that has taken up its position; the first of several leads."""
    over, election = bus(url), Election(engine, stand_by_seconds=stand_by_seconds)
    given: list[Key] = []
    sources: Counter[str] = Counter()
    hub = Hub(
        engine,
        make_source=lambda on_connect: WatchedTail(
            given,
            engine,
            bus=over,
            election=election,
            poll_seconds=0.05,
            quiet_seconds=quiet_seconds,
            on_connect=on_connect,
            on_chunk=lambda source: sources.update([source]),
        ),
    )
    gateway = Sharing(hub=hub, election=election, bus=over, given=given, sources=sources)
    over.start()
    try:
        await hub.settled()
        yield gateway
    finally:
        await gateway.stop()
