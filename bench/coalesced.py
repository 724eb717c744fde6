"""Many callers in one process whose saves travel together, against pgbench's bare single UPDATE."""

from __future__ import annotations

import random

from bench._callers import rate_of
from bench._rows import BARE_UPDATE, MANY, TOKEN, VENTURE, fill, row_id
from bench._support import Bench, Figure, Measurement, compare
from holdfast.config import Settings
from holdfast.engine.coalesce import Coalescer
from holdfast.engine.postgres import PostgresEngine

TITLE = "coalesced saves: lease checks and events of many callers in shared calls"
COLUMNS = ("supervisor_ids", "epochs", "tokens", "states", "activities", "progress")
CALLERS = (32, 256)
_TARGETS = {256: 2.5}


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    await fill(url)
    measurements: dict[str, Measurement] = {
        "bare": bench.rate(url, BARE_UPDATE, clients=32),
        **{f"{callers} callers": coalesced(url, callers) for callers in CALLERS},
    }
    samples = await bench.alternate(measurements)
    await bench.server.drop(url)
    return [
        compare(
            f"coalesced saves, {n} callers / bare UPDATE, 32 clients",
            samples,
            f"{n} callers",
            "bare",
            at_least=_TARGETS.get(n),
        )
        for n in CALLERS
    ]


def coalesced(url: str, callers: int) -> Measurement:
    async def measure(seconds: float) -> float:
        engine = PostgresEngine(url, settings=Settings())
        await engine.open()
        saves = Coalescer(engine, "save_supervisors", COLUMNS, venture_id=VENTURE, one_per_key=True)

        async def save(number: int) -> None:
            # An agent saves its own row: each caller has its share of the rows.
            row = random.randrange(number, MANY, callers)
            turn = random.randint(1, 100)
            await saves.put(row_id(row), 1, TOKEN, "working", f"turn {turn}", turn)

        try:
            return await rate_of(save, callers=callers, seconds=seconds)
        finally:
            await engine.close()

    return measure
