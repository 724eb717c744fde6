"""One call of the engine against one bare UPDATE: through pgbench, and through Python."""

from __future__ import annotations

import random

from bench._callers import rate_of
from bench._rows import BARE_UPDATE, MANY, SAVE, TOKEN, VENTURE, fill, row_id
from bench._support import Bench, Figure, Measurement, compare
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine

TITLE = "engine calls: a save with its lease check and its event, against a bare UPDATE"
CLIENTS = (1, 8, 32)
_SAVE_TARGETS = {1: 0.80, 32: 0.65}
_PYTHON_TARGETS = {32: 0.85}


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    await fill(url)
    measurements: dict[str, Measurement] = {}
    for clients in CLIENTS:
        measurements[f"bare {clients}"] = bench.rate(url, BARE_UPDATE, clients=clients)
        measurements[f"save {clients}"] = bench.rate(url, SAVE, clients=clients)
        measurements[f"python {clients}"] = _through_python(url, clients)
    samples = await bench.alternate(measurements)
    await bench.server.drop(url)
    return [
        compare(
            f"save through pgbench / bare UPDATE, {_clients(n)}",
            samples,
            f"save {n}",
            f"bare {n}",
            at_least=_SAVE_TARGETS.get(n),
        )
        for n in CLIENTS
    ] + [
        compare(
            f"save through Python / through pgbench, {_clients(n)}",
            samples,
            f"python {n}",
            f"save {n}",
            at_least=_PYTHON_TARGETS.get(n),
        )
        for n in CLIENTS
    ]


def _clients(number: int) -> str:
    return "1 client" if number == 1 else f"{number} clients"


def _through_python(url: str, callers: int) -> Measurement:
    async def measure(seconds: float) -> float:
        engine = PostgresEngine(url, settings=Settings(pool_size=callers))
        await engine.open()

        async def save(_: int) -> None:
            turn = random.randint(1, 100)
            await engine.call(
                "save_supervisor",
                supervisor_id=row_id(random.randrange(MANY)),
                epoch=1,
                token=TOKEN,
                state="working",
                activity=f"turn {turn}",
                progress=turn,
                venture_id=VENTURE,
            )

        try:
            return await rate_of(save, callers=callers, seconds=seconds)
        finally:
            await engine.close()

    return measure
