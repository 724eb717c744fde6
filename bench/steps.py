"""Durable steps, each begun and finished with its result, beside DBOS."""

from __future__ import annotations

import itertools

from bench import _peers
from bench._callers import rate_of
from bench._rows import TOKEN, VENTURE, fill, row_id
from bench._support import Bench, Figure, Measurement, compare
from holdfast.client import connect
from holdfast.model.leases import Lease, LeaseKind
from holdfast.supervisors.handle import Supervisor

TITLE = "durable steps, beside DBOS"
# Supervisors, workflows of DBOS, the target.
_PAIRS = ((1, 1, 10.0), (32, 32, 10.0), (256, 32, 50.0))
_rows = itertools.count()
"""Each supervisor is measured once: it remembers its steps."""


async def run(bench: Bench) -> list[Figure]:
    with bench.preparing("installing the peers"):
        python = _peers.installed()
    url = await bench.server.database()
    theirs = await bench.server.database()
    await fill(url)
    measurements: dict[str, Measurement] = {}
    for ours, workflows, _ in _PAIRS:
        measurements[f"ours {ours}"] = _steps(url, ours)
        measurements[f"theirs {workflows}"] = _peers.peer(python, "dbos_steps", theirs, workflows)
    samples = await bench.alternate(measurements)
    for one in (url, theirs):
        await bench.server.drop(one)
    return [
        compare(
            f"durable steps of {ours} supervisors / of {workflows} workflows of DBOS",
            samples,
            f"ours {ours}",
            f"theirs {workflows}",
            at_least=target,
        )
        for ours, workflows, target in _PAIRS
    ]


def _steps(url: str, callers: int) -> Measurement:
    async def measure(seconds: float) -> float:
        async with connect(url) as hf:
            supervisors = [
                Supervisor(
                    lease=_lease(next(_rows)),
                    name="bench",
                    input={},
                    memory={"steps": {}, "executions": {}},
                    restoration_count=0,
                    engine=hf.engine,
                    writer=hf.supervisor_writer(VENTURE),
                    watch=hf.watch,
                )
                for _ in range(callers)
            ]

            async def step(number: int) -> None:
                await supervisors[number].step("step", lambda: {"number": number})

            return await rate_of(step, callers=callers, seconds=seconds)

    return measure


def _lease(number: int) -> Lease:
    return Lease(
        kind=LeaseKind.SUPERVISOR, venture_id=VENTURE, id=row_id(number), epoch=1, token=TOKEN
    )
