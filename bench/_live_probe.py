"""A process that commits and sends to itself while others write: what any feed must take at the least.

    python -m bench._live_probe DATABASE_URL VENTURE_ID EXECUTION_ID

It says `ready`, and at the end of its input how long each commit and each round trip took, in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine

MESSAGE_BYTES = 400
PAUSE_SECONDS = 0.005


class Probe:
    """What a probe has measured; empty until its block has ended."""

    commits: list[float]
    round_trips: list[float]


@asynccontextmanager
async def probing(database_url: str, venture_id: UUID, execution_id: UUID) -> AsyncIterator[Probe]:
    """Measure while the block runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench._live_probe"),
        *(database_url, str(venture_id), str(execution_id)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said = await process.stdout.readline()
    assert said == b"ready\n", said
    probe = Probe()
    try:
        yield probe
    finally:
        process.stdin.close()
        told, _ = await process.communicate()
    probe.commits, probe.round_trips = json.loads(told)


async def main(database_url: str, venture_id: UUID, execution_id: UUID) -> None:
    over = threading.Event()
    engine = PostgresEngine(database_url, settings=Settings())
    await engine.open()
    commits: list[float] = []
    round_trips: list[float] = []
    print("ready", flush=True)
    threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True).start()
    told = {"execution_id": execution_id, "input_tokens": 1, "venture_id": venture_id}
    with _echo() as client:
        while not over.is_set():
            began = time.perf_counter()
            await engine.call("record_metrics", **told)
            committed = time.perf_counter()
            client.sendall(os.urandom(MESSAGE_BYTES))
            client.recv(MESSAGE_BYTES, socket.MSG_WAITALL)
            round_trips.append((time.perf_counter() - committed) * 1000)
            commits.append((committed - began) * 1000)
            await asyncio.sleep(PAUSE_SECONDS)
    await engine.close()
    print(json.dumps([commits, round_trips]), flush=True)


def _wait_for_the_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def _echo() -> socket.socket:
    """A connection whose other side sends back what it is sent."""
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    other, _ = server.accept()
    server.close()

    def answer() -> None:
        with other:
            while data := other.recv(MESSAGE_BYTES):
                other.sendall(data)

    threading.Thread(target=answer, daemon=True).start()
    return client


if __name__ == "__main__":
    _, database_url_, venture_id_, execution_id_ = sys.argv
    asyncio.run(main(database_url_, UUID(venture_id_), UUID(execution_id_)))
