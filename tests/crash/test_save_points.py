"""A worker is killed before and after each save point of a supervisor; what comes of it is as if nothing had been."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from holdfast.engine.postgres import PostgresEngine
from tests.support import small_plan
from tests.support.workers import Rows, ended, rows_of, until, worker

LEASE_SECONDS = 1.0
AT_ONCE = 4
# Spawn, question, answer, phase, request; and the beat, which is the light one.
SAVE_POINTS = (
    *("spawn_execution 1", "ask_question 1", "acknowledge_answer 1", "update_supervisor_phase 1"),
    *("save_checkpoint 1", "save_checkpoint 3", "renew_leases 1"),
)
POINTS = ["never", *(f"{moment} {point}" for point in SAVE_POINTS for moment in ("before", "after"))]  # fmt: skip


async def begin(engine: PostgresEngine, venture: str) -> UUID:
    venture_id = await engine.call_value("open_venture", slug=venture)
    row = await engine.call_row(
        "create_supervisor", name="converse", handler="converse", venture_id=venture_id
    )
    found: UUID = row["id"]
    return found


async def is_over(rows: Rows, id_: UUID) -> bool:
    query = "select ended_at is not null from holdfast.supervisor_states where id = $1"
    return bool(await rows.one(query, id_))


async def end_of(rows: Rows, id_: UUID) -> dict[str, Any]:
    """All of its end that must not depend on who died on the way."""
    reads = {
        "row": "select state, result, phase, progress, error_message from holdfast.supervisor_states where id = $1",
        "executions": "select key, status, result from holdfast.agent_executions where supervisor_id = $1",
        "questions": "select key, status, answer from holdfast.questions where supervisor_id = $1",
        "checkpoints": "select reason, state from holdfast.checkpoints where supervisor_id = $1"
        " and reason <> 'restoration' order by number",
        "acted": "select finding from holdfast.restoration_findings where supervisor_id = $1"
        " and action not in ('keep', 'repair', 'start_fresh')",
    }
    return {name: [tuple(row) for row in await rows.all(sql, id_)] for name, sql in reads.items()}


@pytest.mark.timeout(600)
async def test_a_worker_killed_at_any_save_point_leaves_a_supervisor_that_ends_the_same(
    engine: PostgresEngine,
) -> None:
    async with rows_of(engine.url) as rows, small_plan.answering(engine, rows):
        begun = {point: await begin(engine, f"v{n}") for n, point in enumerate(POINTS)}
        turn = asyncio.Semaphore(AT_ONCE)

        async def killed(number: int, point: str) -> bool:
            async with turn:
                with worker(engine.url, venture=f"v{number}", failpoint=point, lease_seconds=LEASE_SECONDS) as victim:  # fmt: skip
                    return await ended(victim) == -signal.SIGKILL

        victims = [killed(n, point) for n, point in enumerate(POINTS) if point != "never"]
        assert all(await asyncio.gather(*victims))
        with worker(engine.url, lease_seconds=LEASE_SECONDS):
            for id_ in begun.values():
                await until(partial(is_over, rows, id_))

        calm = await end_of(rows, begun["never"])
        assert calm["row"][0][0] == "completed"
        assert [row[0] for row in calm["checkpoints"]] == ["phase", "request", "spawn", "question", "answer", "request", "request"]  # fmt: skip
        for point, id_ in begun.items():
            assert (point, await end_of(rows, id_)) == (point, calm)
        counted = await rows.all("select restoration_count > 0 from holdfast.supervisor_states order by created_at")  # fmt: skip
        assert [row[0] for row in counted] == [False] + [True] * (len(POINTS) - 1)
        assert await rows.gaps() == []
