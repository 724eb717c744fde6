"""A worker is killed while a plan's items are made, while it is paused, and at each commit of a rollback."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import Refused
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import load_plan
from tests.support.small_plan import Made, over
from tests.support.workers import Rows, rows_of, until, worker

YAML = """
name: steered
steps:
  - id: list
    command: [sh, -c, 'echo "::result {{\\"names\\": [\\"a\\", \\"b\\"]}}"']
  - id: each
    needs: [list]
    foreach: steps.list.outputs.names
    command: [sh, -c, 'echo "did {{{{ item }}}}" >> {log}']
    undo: [sh, -c, 'echo "undid {{{{ item }}}}" >> {log}']
  - id: hold
    needs: [each]
    gate: {{message: 'Go on?'}}
"""
POINTS = [
    f"{moment} {function} 1"
    for function in ("expand_plan_step", "settle_items", "undo_plan_step", "settle_undo", "finish_rollback")
    for moment in ("before", "after")
]  # fmt: skip
_STANDS = """
select p.id, p.venture_id, p.paused_at is not null as is_paused, p.rolling_back_to,
    exists (select from holdfast.events e where e.stream_id = p.id and e.type = 'plan.paused') as was_paused,
    (select s.round from holdfast.plan_steps s where s.plan_id = p.id and s.step_key = 'hold' and s.status = 'waiting') as waits,
    (select q.id from holdfast.questions q where q.plan_id = p.id and q.status = 'open' limit 1) as question
from holdfast.plans p where p.ended_at is null
"""


async def _make(engine: PostgresEngine, number: int, folder: Path) -> Made:
    folder.mkdir()
    file = folder / "plan.yaml"
    file.write_text(YAML.format(log=folder / "log"))
    venture = f"v{number}"
    venture_id = await engine.call_value("open_venture", slug=venture)
    made = await create_plan(engine, venture_id, load_plan(file), cwd=folder, work_dir=folder)
    return Made(
        id=made.id, supervisor_id=made.supervisor_id, venture_id=venture_id, venture=venture
    )


async def _steer(engine: PostgresEngine, row: Any) -> None:
    """Pause each plan and let it go on, roll it back at its gate, and open the gate the second time."""
    given: dict[str, Any] = {"plan_id": row["id"], "venture_id": row["venture_id"]}
    if row["is_paused"]:
        await engine.call("resume_plan", **given)
    elif not row["was_paused"]:
        await engine.call("pause_plan", reason="a moment", **given)
    elif row["waits"] == 1 and row["rolling_back_to"] is None:
        await engine.call("roll_plan_back", to_step="each", reason="wrong", **given)
    elif row["waits"] == 2 and row["question"] is not None:
        await engine.call(
            "answer_question", question_id=row["question"], answer="approve", venture_id=row["venture_id"]
        )  # fmt: skip


async def _steering(engine: PostgresEngine, rows: Rows) -> None:
    while True:
        for row in await rows.all(_STANDS):
            with contextlib.suppress(Refused):  # it has gone on since it was looked at
                await _steer(engine, row)
        await asyncio.sleep(0.1)


@pytest.mark.timeout(600)
async def test_a_worker_killed_while_a_plan_is_steered_leaves_what_was_asked_for(
    engine: PostgresEngine, tmp_path: Path
) -> None:
    async with rows_of(engine.url) as rows:
        plans = {
            point: await _make(engine, number, tmp_path / f"p{number}")
            for number, point in enumerate(POINTS)
        }
        person = asyncio.create_task(_steering(engine, rows))
        turn = asyncio.Semaphore(4)

        async def kill(point: str) -> None:
            plan = plans[point]
            async with turn:
                with worker(engine.url, app=None, venture=plan.venture, failpoint=point) as victim:

                    async def is_dead() -> bool:
                        return victim.poll() is not None

                    await until(is_dead)

        await asyncio.gather(*map(kill, POINTS))
        with worker(engine.url, app=None):
            for plan in plans.values():
                await until(partial(over, rows, plan))
        person.cancel()
        for number, (point, plan) in enumerate(plans.items()):
            assert (point, await _end_of(rows, plan)) == (point, _WANTED)
            done = (tmp_path / f"p{number}" / "log").read_text().splitlines()
            # Twice done, once undone between: each program ran to its end at least that often, and in that order.
            assert sorted(set(done)) == ["did a", "did b", "undid a", "undid b"], point
            assert (done[0][:3], done[-1][:3]) == ("did", "did"), point
        assert await rows.gaps() == []


_WANTED = {
    "plan": [("completed", 3, 3)],
    "steps": [
        ("list", 1, "completed"),
        ("each", 1, "completed"), ("each", 2, "completed"),
        ("each.1", 1, "completed"), ("each.1", 2, "completed"),
        ("each.2", 1, "completed"), ("each.2", 2, "completed"),
        ("hold", 1, "failed"), ("hold", 2, "completed"),
    ],
    "undone": [("each.1#1", 1, 0), ("each.2#1", 1, 0)],
}  # fmt: skip


async def _end_of(rows: Rows, plan: Made) -> dict[str, Any]:
    async def tuples(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await rows.all(query, plan.id)]

    return {
        "plan": await tuples("select status::text, total_steps, done_steps from holdfast.plans where id = $1"),
        "steps": await tuples(
            "select step_key, round, status::text from holdfast.plan_steps where plan_id = $1"
            " order by position, item_index nulls first, round"
        ),
        "undone": await tuples(
            "select subject, number, exit_code from holdfast.plan_evidence where plan_id = $1 order by 1, 2"
        ),
    }  # fmt: skip
