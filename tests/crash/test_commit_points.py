"""A worker is killed before and after each commit of a plan's run; the plan ends as if nothing had been.

By default each function is met for the first time; with HOLDFAST_TEST_ALL_POINTS=1 for the last time too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from tests.support import small_plan
from tests.support.small_plan import Made
from tests.support.workers import Rows, ended, rows_of, until, worker

# On a busy machine a program may stand still for a second; one that lost its lease would write beside the next attempt.
LEASE_SECONDS = 3.0
# Long enough that nothing is lost though others keep the cores busy, short enough for a beat or two.
CALM_LEASE_SECONDS = 2.0
AT_ONCE = 6
# Their number depends on how long the run takes: that they are met a last time cannot be foretold.
_BY_THE_CLOCK = frozenset(
    {"reap", "renew_leases", "claim_executions", "claim_supervisors", "save_supervisors"}
    | {"append_logs", "ventures_with_work"}
)
# What the plan cannot do without; a tracing run that misses one has traced nothing.
_NEEDED = frozenset(
    {"claim_supervisors", "claim_executions", "start_session", "claim_directive", "renew_leases"}
    | {"attach_supervisor", "save_supervisors", "advance_plan", "start_plan_step", "append_logs"}
    | {"save_executions", "finish_execution", "complete_plan_step", "fail_plan_step"}
    | {"send_plan_back", "deliver_answer", "acknowledge_answer", "open_gate", "verify_plan_step"}
    | {"record_evidence", "finish_plan", "move_directive_phase", "move_directive", "end_session"}
    | {"finish_supervisor", "reap"}
)


def points_of(calls: Counter[str]) -> list[str]:
    """The failpoints of a run, as the environment names them."""
    everything = os.environ.get("HOLDFAST_TEST_ALL_POINTS") == "1"
    functions = sorted(calls)
    last = {f: calls[f] for f in functions if everything and f not in _BY_THE_CLOCK}
    return [
        f"{moment} {function} {number}"
        for function in functions
        for number in sorted({1, last.get(function, 1)})
        for moment in ("before", "after")
    ]


async def undisturbed(
    engine: PostgresEngine, rows: Rows, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Made, Counter[str]]:
    """A run in which nobody dies."""
    settings = Settings(database_url=engine.url, venture="calm", lease_seconds=CALM_LEASE_SECONDS)
    plan = await small_plan.make(engine, "calm", folder)
    async with Holdfast(settings) as hf:
        return plan, await small_plan.calls_of_an_undisturbed_run(hf, rows, plan, monkeypatch)


async def killed_at(url: str, rows: Rows, plan: Made, point: str) -> bool:
    """Whether a worker of the plan's own came to the point, and died there."""
    with worker(
        url, app=None, venture=plan.venture, failpoint=point, lease_seconds=LEASE_SECONDS
    ) as victim:

        async def settled() -> bool:
            return victim.poll() is not None or await small_plan.over(rows, plan)

        try:
            await until(settled)
        except AssertionError as error:
            raise AssertionError(f"{point}: {error}") from error
        try:  # the plan may be over in the database a moment before its worker knows
            return await ended(victim, seconds=3) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False


@pytest.mark.timeout(600)
async def test_a_worker_killed_at_any_commit_point_leaves_a_plan_that_ends_the_same(
    engine: PostgresEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rows_of(engine.url) as rows, small_plan.answering(engine, rows):
        calm, calls = await undisturbed(engine, rows, tmp_path / "calm", monkeypatch)
        assert set(calls) >= _NEEDED, _NEEDED - set(calls)
        points = points_of(calls)
        plans = {
            point: await small_plan.make(engine, f"v{number}", tmp_path / f"v{number}")
            for number, point in enumerate(points)
        }

        turn = asyncio.Semaphore(AT_ONCE)

        async def kill(point: str) -> bool:
            async with turn:
                return await killed_at(engine.url, rows, plans[point], point)

        died = dict(zip(points, await asyncio.gather(*map(kill, points)), strict=True))
        assert [point for point, dead in died.items() if not dead] == []

        with worker(engine.url, app=None, lease_seconds=LEASE_SECONDS):
            for plan in plans.values():
                await until(partial(small_plan.over, rows, plan))

        wanted = await small_plan.end_of(rows, calm)
        for point, plan in plans.items():
            assert (point, await small_plan.end_of(rows, plan)) == (point, wanted)
        assert await rows.gaps() == []
