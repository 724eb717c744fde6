"""What it costs to take up a supervisor whose worker died, with all it remembers, among ten thousand of them."""

from __future__ import annotations

import time

from bench._rows import BARE_UPDATE, fill
from bench._server import connected
from bench._support import Bench, Figure, Measurement, compare
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine

TITLE = "restorations: 10,000 interrupted supervisors are taken up again"
SUPERVISORS = 10_000
BATCHES = (1, 100)
_TOGETHER = 1000
# Taken one by one it is enough to take some of them.
_MOST_CLAIMS = 1000
_HANDLER = "patient"

_INTERRUPTED = """
select holdfast.create_supervisor('patient ' || i, 'patient', jsonb_build_object('number', i))
from generate_series($1::integer + 1, $1::integer + $2) as i
"""
_HELD = "select * from holdfast.claim_supervisors('died', array['patient'], 1000, 3600)"
# Each has done two steps, waits for an execution, and has a checkpoint of its conversation.
_WORKED = """
select count(holdfast.finish_step(s.id, s.lease_epoch, s.lease_token, 'step', '{"found": 1}'))
from holdfast.supervisor_states s, lateral holdfast.begin_step(s.id, s.lease_epoch, s.lease_token, 'step')
where s.handler = 'patient' and (s.input ->> 'number')::integer > $1
"""
_SPAWNED = """
select count(holdfast.spawn_execution(s.id, s.lease_epoch, s.lease_token, 'job', 'job', 'callable:job')),
    count(holdfast.save_checkpoint(s.id, s.lease_epoch, s.lease_token, null, '{"turn": 2}', array[convert_to(repeat(s.name, 50), 'UTF8')]))
from holdfast.supervisor_states s where s.handler = 'patient' and (s.input ->> 'number')::integer > $1
"""
# As the reaper leaves them.
_DEAD = "update holdfast.supervisor_states set lease_token = null, lease_expires_at = null where handler = 'patient'"


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    await fill(url)
    with bench.preparing("10,000 supervisors work, and die"):
        await _prepare(url)
    measurements: dict[str, Measurement] = {
        "a bare UPDATE": _update(bench, url),
        **{f"{batch} at a time": _restoration(url, batch) for batch in BATCHES},
    }
    samples = await bench.alternate(measurements)
    await bench.server.drop(url)
    return [
        compare(
            f"a restoration, {batch} in a call / a bare UPDATE, one client",
            samples,
            f"{batch} at a time",
            "a bare UPDATE",
            unit="ms",
        )
        for batch in BATCHES
    ]


async def _prepare(url: str) -> None:
    """Some at a time, over a connection of their own: what was planned on empty tables is slow on full ones."""
    for first in range(0, SUPERVISORS, _TOGETHER):
        async with connected(url) as connection:
            await connection.execute(_INTERRUPTED, first, _TOGETHER)
            await connection.fetch(_HELD)
            for statement in (_WORKED, _SPAWNED):
                await connection.execute(statement, first)
            await connection.execute("vacuum analyze")


def _update(bench: Bench, url: str) -> Measurement:
    """The round trip of a statement that changes one row, in milliseconds."""
    rate = bench.rate(url, BARE_UPDATE, clients=1)

    async def measure(seconds: float) -> float:
        return 1000 / await rate(seconds)

    return measure


def _restoration(url: str, batch: int) -> Measurement:
    """Milliseconds a supervisor, when as many are claimed in one call."""

    async def measure(_: float) -> float:
        async with connected(url) as connection:
            await connection.execute(_DEAD)
            await connection.execute("vacuum analyze holdfast.supervisor_states")
        engine = PostgresEngine(url, settings=Settings())
        await engine.open()
        try:
            wanted = min(SUPERVISORS, _MOST_CLAIMS * batch)
            return 1000 * await _seconds_of(engine, batch, wanted) / wanted
        finally:
            await engine.close()

    return measure


async def _seconds_of(engine: PostgresEngine, batch: int, wanted: int) -> float:
    restored = 0
    began_at = time.perf_counter()
    while restored < wanted:
        rows = await engine.call(
            "claim_supervisors",
            holder="bench",
            handlers=[_HANDLER],
            limit=batch,
            lease_seconds=3600,
            max_deaths=1000,
        )
        if not rows:
            raise RuntimeError(f"Only {restored} of {wanted} supervisors were taken up.")
        restored += len(rows)
    return time.perf_counter() - began_at
