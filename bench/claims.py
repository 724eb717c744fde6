"""Whether taking work grows slower with history: claims beside ten thousand and beside a million finished rows."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from bench._rows import VENTURE
from bench._server import connected
from bench._support import Bench, Figure, Measurement, Samples, compare

TITLE = "claims: latency with 10 thousand and with 1 million finished executions"
FEW, MANY = 10_000, 1_000_000
ROUNDS = 5
CLAIMS_A_SECOND = 400
"""How many are made for each second of the budget: about half of what a slow disk commits."""
CLAIM = f"select * from holdfast.claim_executions('bench', array['command'], 1, 30, '{VENTURE}');\n"

# Foreign keys and triggers are of no interest while filling.
_FAST = "set session_replication_role = replica; set synchronous_commit = off;"
_FINISHED = """
insert into holdfast.agent_executions
    (venture_id, id, name, kind, status, input, result, run_at, attempt, created_at, started_at, ended_at, seq, lease_epoch)
select $1, holdfast.uuid7(), 'finished ' || i, 'command', 'completed', '{"command": ["true"]}', '{"exit_code": 0}',
    d.day, 1, d.day, d.day, d.day + interval '1 minute', 3, 1
from generate_series(1, $2::integer) as i, lateral (select now() - make_interval(secs => i) as day) d
"""
_READY = """
insert into holdfast.agent_executions (venture_id, id, name, kind, status, input, run_at, created_at, seq)
select $1, holdfast.uuid7(), 'ready ' || i, 'command', 'pending', '{"command": ["true"]}', now(), now(), 1
from generate_series(1, $2::integer) as i
"""


async def run(bench: Bench) -> list[Figure]:
    latencies: dict[str, list[list[float]]] = {}
    measurements: dict[str, Measurement] = {}
    urls = []
    for finished in (FEW, MANY):
        url = await bench.server.database()
        urls.append(url)
        with bench.preparing(f"filling in {finished:,} finished executions …"):
            await _fill(url, finished)
        latencies[_name(finished)] = []
        measurements[_name(finished)] = _claim(bench, url, latencies[_name(finished)])
    await bench.alternate(measurements, rounds=ROUNDS)
    for url in urls:
        await bench.server.drop(url)
    return [
        _figure("p50", latencies, statistics.median, at_most=None),
        _figure("p99", latencies, _p99, at_most=1.2),
    ]


def _claim(bench: Bench, url: str, latencies: list[list[float]]) -> Measurement:
    async def measure(seconds: float) -> float:
        claims = round(seconds * CLAIMS_A_SECOND)
        async with connected(url) as connection:
            await connection.execute(_READY, VENTURE, claims)
        took = await bench.pgbench(url, CLAIM).latencies(claims)
        latencies.append(took)
        return statistics.median(took)

    return measure


async def _fill(url: str, finished: int) -> None:
    async with connected(url) as connection:
        await connection.execute(_FAST)
        await connection.execute(_FINISHED, VENTURE, finished)
        # What autovacuum would do sooner or later, and not while something is measured.
        await connection.execute("vacuum (freeze, analyze) holdfast.agent_executions")
        await connection.execute("checkpoint")


def _figure(
    name: str,
    latencies: dict[str, list[list[float]]],
    measure: Callable[[list[float]], float],
    *,
    at_most: float | None,
) -> Figure:
    samples: Samples = {
        side: [measure(took) for took in rounds] for side, rounds in latencies.items()
    }
    return compare(
        f"claim {name} with 1 million finished / with 10 thousand",
        samples,
        _name(MANY),
        _name(FEW),
        unit="ms",
        at_most=at_most,
    )


def _p99(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=100)[98]


def _name(finished: int) -> str:
    return f"{finished:,} finished"
