"""Gateways and subscribers as processes, and a writer at a given rate."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine

_START_SECONDS = 60.0


@asynccontextmanager
async def gateways(database_url: str, count: int) -> AsyncIterator[list[Gateway]]:
    """So many `holdfast up`, which end with the block."""
    running = [Gateway(database_url) for _ in range(count)]
    try:
        for gateway in running:
            await gateway.start()
        yield running
    finally:
        for gateway in running:
            await gateway.stop()


class Gateway:
    """One `holdfast up` without a worker."""

    def __init__(self, database_url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._database_url = database_url
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "holdfast", "up", "--no-worker", "--port", str(self._port)),
            env={**os.environ, "HOLDFAST_DATABASE_URL": self._database_url},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(_START_SECONDS):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()

    def cpu_seconds(self) -> float:
        """How long it has worked, whatever else runs on this machine."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """How much memory it has."""
        assert self._process is not None
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


class Subscribers:
    """A process with subscribers of one stream."""

    def __init__(self, *, token: str, venture: str, stream: UUID, urls: Sequence[str]) -> None:
        self._arguments = [token, venture, str(stream)]
        self._urls = urls
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, count: int) -> None:
        """Connect all, and wait until they are caught up."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench._live_clients"),
            *(*self._arguments, str(count), *self._urls),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=64 * 1024 * 1024,
        )
        assert self._process.stdout is not None
        said = await self._process.stdout.readline()
        assert said == b"ready\n", said

    async def stop(self) -> list[float]:
        """End them; gives how long each measured event took, in milliseconds."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        said, _ = await self._process.communicate()
        took: list[float] = json.loads(said)
        return took


async def write(
    engine: PostgresEngine,
    venture_id: UUID,
    streams: Sequence[UUID],
    *,
    rate: float,
    seconds: float,
) -> float:
    """Write events over streams in turn at a rate; gives the rate that was reached."""
    began = time.monotonic()
    under_way: set[asyncio.Task[object]] = set()
    written = 0
    while (passed := time.monotonic() - began) < seconds:
        while written < passed * rate and len(under_way) < 500:
            stream = streams[written % len(streams)]
            task: asyncio.Task[object] = asyncio.create_task(
                engine.call(
                    "record_metrics", execution_id=stream, input_tokens=1, venture_id=venture_id
                )
            )
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            written += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*under_way)
    return written / (time.monotonic() - began)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
