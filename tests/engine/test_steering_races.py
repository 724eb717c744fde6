"""A person and the runner meet at a plan's lock: whoever is second sees what the first has done, and nothing dies of it."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import Blocked, IllegalMove
from tests.support.meeting import meeting
from tests.support.plan_runner import Played, played
from tests.support.sql import call, one

GATE = {"message": "Deployed?", "options": ["approve", "reject"]}
ACTION = {"gate": GATE, "action": {"v": 1}, "kind": "command", "input": {}}


async def _at_its_gate(connection: Any) -> tuple[Played, dict[str, Any]]:
    plan = await played(connection, build={}, deploy={"needs": ["build"]})
    await plan.work("build")
    await plan.call("advance_plan")
    [row] = await plan.call("start_plan_step", "deploy", **ACTION)
    return plan, {"question_id": row["question_id"], "answer": "approve"}


async def _after(plan: Played) -> tuple[str, str]:
    step = await plan.step("deploy")
    question = await one(plan.connection, "select status::text from holdfast.questions")
    return step["status"], question["status"]


async def test_a_rollback_that_comes_before_the_answer_withdraws_the_question(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        plan, answer = await _at_its_gate(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "roll_plan_back", plan_id=plan.id, to_step="build", reason="no")
            answering = await meet.wait_in_vain(meet.second, "answer_question", **answer)
        assert await answering.refusal() is IllegalMove
        assert await _after(plan) == ("failed", "withdrawn")


async def test_an_answer_that_comes_before_the_rollback_opens_nothing(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        plan, answer = await _at_its_gate(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "answer_question", **answer)
            back = {"plan_id": plan.id, "to_step": "build", "reason": "no"}
            rolling = await meet.wait_in_vain(meet.second, "roll_plan_back", **back)
        assert await rolling.rows()
        assert await _after(plan) == ("failed", "acknowledged")
        with pytest.raises(IllegalMove):
            await plan.call("open_gate", "deploy", **ACTION)


async def test_the_runner_that_opens_a_gate_and_a_rollback_do_not_both_have_it(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        plan, answer = await _at_its_gate(meet.watcher)
        await call(meet.watcher, "answer_question", **answer)
        back = {"plan_id": plan.id, "to_step": "build", "reason": "no"}
        async with meet.first.transaction():
            await call(meet.first, "roll_plan_back", **back)
            opening = await meet.wait_in_vain(meet.second, "open_gate", **plan.plan, step_key="deploy", **ACTION)  # fmt: skip
        assert await opening.refusal() is IllegalMove
        spawned = await one(meet.watcher, "select count(*) from holdfast.agent_executions where key like 'deploy%'")  # fmt: skip
        assert spawned[0] == 0


async def test_a_gate_that_was_opened_first_has_its_work_cancelled_by_the_rollback(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        plan, answer = await _at_its_gate(meet.watcher)
        await call(meet.watcher, "answer_question", **answer)
        back = {"plan_id": plan.id, "to_step": "build", "reason": "no"}
        async with meet.first.transaction():
            await call(meet.first, "open_gate", **plan.plan, step_key="deploy", **ACTION)
            rolling = await meet.wait_in_vain(meet.second, "roll_plan_back", **back)
        assert await rolling.rows()
        work = await one(meet.watcher, "select status::text from holdfast.agent_executions where key like 'deploy%'")  # fmt: skip
        assert work["status"] == "cancelled"


async def test_a_pause_that_comes_first_lets_no_step_start(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        plan = await played(meet.watcher, a={})
        async with meet.first.transaction():
            await call(meet.first, "pause_plan", plan_id=plan.id)
            starting = await meet.wait_in_vain(meet.second, "start_plan_step", **plan.plan, step_key="a")  # fmt: skip
        assert await starting.refusal() is Blocked
