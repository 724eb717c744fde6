"""From the start of a worker's process until a thousand interrupted supervisors run again."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from bench._rows import BARE_UPDATE, fill
from bench._server import connected
from bench._support import Bench, Figure, Measurement, compare
from holdfast.engine.connections import Connection

TITLE = "recovery: 1,000 interrupted supervisors run again, from the start of the worker's process"
SUPERVISORS = 1000
DEADLINE_SECONDS = 120.0
_POLL_SECONDS = 0.02

# They died while they waited for an answer, so that `working` is said by the one who restored them.
_INTERRUPTED = """
select holdfast.create_supervisor('patient ' || i, 'patient', jsonb_build_object('number', i))
from generate_series(1, $1::integer) as i
"""
_CLAIMED = """
select count(holdfast.save_supervisor(c.id, c.epoch, c.token, s::holdfast.supervisor_state))
from holdfast.claim_supervisors('died', array['patient'], 1000) c, unnest(array['working', 'waiting_for_answers']) as s
"""
_DEAD = "update holdfast.supervisor_states set lease_expires_at = now() - interval '1 s' where handler = 'patient'"
_RUNNING = """
select count(*) from holdfast.supervisor_states where handler = 'patient' and state = 'working' and restoration_count = 1
"""


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    await fill(url)
    measurements: dict[str, Measurement] = {
        "1,000 bare UPDATEs": _updates(bench, url),
        "recovery": _recovery(bench),
    }
    samples = await bench.alternate(measurements)
    await bench.server.drop(url)
    return [
        compare(
            "1,000 supervisors run again / 1,000 bare UPDATEs, one client",
            samples,
            "recovery",
            "1,000 bare UPDATEs",
            unit="s",
        )
    ]


def _updates(bench: Bench, url: str) -> Measurement:
    """Seconds of as many bare UPDATEs one after the other; there is no DBOS here to compare with."""
    rate = bench.rate(url, BARE_UPDATE, clients=1)

    async def measure(seconds: float) -> float:
        return SUPERVISORS / await rate(seconds)

    return measure


def _recovery(bench: Bench) -> Measurement:
    async def measure(_: float) -> float:
        url = await bench.server.database()
        async with connected(url) as connection:
            await connection.execute(_INTERRUPTED, SUPERVISORS)
            await connection.execute(_CLAIMED)
            await connection.execute(_DEAD)
            await connection.execute("vacuum analyze")
            seconds = await _seconds_until_all_run(connection, url)
        await bench.server.drop(url)
        return seconds

    return measure


async def _seconds_until_all_run(connection: Connection, url: str) -> float:
    began_at = time.perf_counter()
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holdfast", "worker", "--app", "bench._patient:hf"),
        *("--supervisors", str(SUPERVISORS)),
        cwd=Path(__file__).parents[1],
        env={**os.environ, "HOLDFAST_DATABASE_URL": url},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        while await connection.fetchval(_RUNNING) < SUPERVISORS:
            if worker.returncode is not None:
                raise RuntimeError("The worker ended; try: holdfast worker --app bench._patient:hf")
            if time.perf_counter() - began_at > DEADLINE_SECONDS:
                raise TimeoutError(f"Not all ran again within {DEADLINE_SECONDS:.0f} s.")
            await asyncio.sleep(_POLL_SECONDS)
        return time.perf_counter() - began_at
    finally:
        worker.kill()
        await worker.wait()
