"""Whether scheduling grows slower with a plan: its cost per step in plans of one, three and ten thousand steps, 100 at once."""

from __future__ import annotations

import itertools
import time
from typing import Any
from uuid import UUID

from bench._rows import BARE_UPDATE, VENTURE, fill
from bench._server import connected
from bench._support import Bench, Figure, Measurement, compare
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.watch import Watch
from holdfast.model.leases import Lease, LeaseKind
from holdfast.plans.deeds import Deeds
from holdfast.plans.rendering import with_environment
from holdfast.supervisors.handle import Supervisor
from holdfast.supervisors.writer import SupervisorWriter

TITLE = "plan: what its runner spends on a step, in plans of 1,000, 3,000 and 10,000 steps"
SIZES = (1_000, 3_000, 10_000)
AT_ONCE = 100
STEPS = 400
"""How many are measured, in the middle of the plan: half of it is done, and half is to come."""
_numbers = itertools.count(1)

_DONE = """
update holdfast.plan_steps set status = 'completed', attempt = 1, started_at = now(), ended_at = now(), released_at = now()
where venture_id = $1 and plan_id = $2 and position <= $3
"""
_DUE = "update holdfast.plan_steps set needs_left = 0 where venture_id = $1 and plan_id = $2 and position between $3 + 1 and $3 + $4"
_COUNTED = "update holdfast.plans set done_steps = $3 where venture_id = $1 and id = $2"
# Agents that take no time, and whose time is not counted.
_WORKED = """
update holdfast.agent_executions e set status = 'completed', started_at = now(), ended_at = now(), attempt = 1,
    result = '{"exit_code": 0, "result": {"rows": 12}}'
from holdfast.plans p where p.venture_id = $1 and p.id = $2 and e.venture_id = $1 and e.supervisor_id = p.supervisor_id
    and e.ended_at is null
"""


async def run(bench: Bench) -> list[Figure]:
    """A step in each plan beside one in the smallest, and beside a bare UPDATE."""
    url = await bench.server.database()
    await fill(url)
    engine = PostgresEngine(url, settings=Settings(database_url=url))
    await engine.open()
    try:
        measurements: dict[str, Measurement] = {
            "a bare UPDATE": _update(bench, url),
            **{_name(size): _scheduling(engine, url, size) for size in SIZES},
        }
        samples = await bench.alternate(measurements)
    finally:
        await engine.close()
        await bench.server.drop(url)
    smallest = _name(SIZES[0])
    return [
        *(
            compare(f"{_name(size)} / {smallest}", samples, _name(size), smallest, unit="s", at_most=1.3)
            for size in SIZES[1:]
        ),
        compare(f"{smallest} / a bare UPDATE", samples, smallest, "a bare UPDATE", unit="s"),
    ]  # fmt: skip


def _name(size: int) -> str:
    return f"a step of {size:,}"


def _update(bench: Bench, url: str) -> Measurement:
    rate = bench.rate(url, BARE_UPDATE, clients=1)

    async def measure(seconds: float) -> float:
        return 1 / await rate(min(seconds, 5.0))

    return measure


def _scheduling(engine: PostgresEngine, url: str, size: int) -> Measurement:
    """Seconds for a step: it becomes ready, is started, is settled, and what needs it may go on."""

    async def measure(_: float) -> float:
        plan_id, supervisor = await _half_done(engine, url, size)
        [plan] = await engine.read("plan", VENTURE, plan_id)
        deeds = Deeds(with_environment(dict(plan)), supervisor, engine)
        settled, spent = 0, 0.0
        async with connected(url) as agents:
            while settled < STEPS:
                began = time.perf_counter()
                due = await supervisor.call("advance_plan", plan_id=plan_id)
                for deed in due:
                    await deeds.do(deed)
                await engine.read("plan_under_way", VENTURE, plan_id)
                await engine.read("plan_awaited", VENTURE, plan_id)
                spent += time.perf_counter() - began
                settled += sum(deed["deed"] == "settle_work" for deed in due)
                await agents.execute(_WORKED, VENTURE, plan_id)
        return spent / settled

    return measure


async def _half_done(engine: PostgresEngine, url: str, size: int) -> tuple[UUID, Supervisor]:
    """A plan in which each step needs the one a hundred places before it, in its middle."""
    steps: list[dict[str, Any]] = [
        {"id": f"s{number}", "agent": "command", "command": ["true"]}
        | ({"needs": [f"s{number - AT_ONCE}"]} if number >= AT_ONCE else {})
        for number in range(size)
    ]
    made = await engine.call_row(
        "create_plan", name=f"plan {next(_numbers)}", steps=steps, spec={"max_parallel": AT_ONCE}, venture_id=VENTURE
    )  # fmt: skip
    async with connected(url) as connection:
        half = size // 2
        await connection.execute(_DONE, VENTURE, made["id"], half)
        await connection.execute(_DUE, VENTURE, made["id"], half, AT_ONCE)
        await connection.execute(_COUNTED, VENTURE, made["id"], half)
    claimed = await engine.call_row(
        "claim_supervisors", holder="bench", ids=[made["supervisor_id"]], lease_seconds=3600, venture_id=VENTURE
    )  # fmt: skip
    lease = Lease(
        kind=LeaseKind.SUPERVISOR,
        venture_id=VENTURE,
        id=claimed["id"],
        epoch=claimed["epoch"],
        token=claimed["token"],
    )
    plan_id: UUID = made["id"]
    return plan_id, Supervisor(
        lease=lease, name="plan", input={}, memory=claimed["memory"],
        restoration_count=0, engine=engine, writer=SupervisorWriter(engine, VENTURE), watch=Watch(engine),
    )  # fmt: skip
