"""Rolling a plan back: what was done is undone in reverse, what is under way is overtaken, and all of it is done again."""

from __future__ import annotations

import pytest

from holdfast.errors import Blocked
from tests.support.plan_runner import played
from tests.support.sql import call, connected, one, set_clock

GATE = {"message": "Deployed?", "options": ["approve", "reject"]}


async def test_what_is_rolled_back_is_undone_in_reverse_and_then_done_again(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        undo = {"undo": ["true"]}
        plan = await played(
            connection,
            first=undo, build={"needs": ["first"], **undo}, deploy={"needs": ["build"], **undo},
            told={"needs": ["deploy"]}, aside=undo, late={"needs": ["told"]},
        )  # fmt: skip
        await plan.work("first", "aside")
        for step in ("build", "deploy", "told"):
            await plan.call("advance_plan")
            await plan.work(step)
        await plan.call("advance_plan")
        await plan.steer("roll_plan_back", to_step="build", reason="wrong flags")
        with pytest.raises(Blocked):
            await plan.steer("roll_plan_back", to_step="first", reason="further")
        with pytest.raises(Blocked):
            await plan.start("late")
        for step in ("deploy", "build"):
            assert await plan.due() == [("undo", step)]
            [row] = await plan.call("undo_plan_step", step, kind="command", input={})
            assert await plan.due() == []
            await plan.end(row["undo_id"])
            assert await plan.due() == [("settle_undo", step)]
            await plan.call("settle_undo", step)
        kept = await connection.fetch("select subject, exit_code from holdfast.plan_evidence")
        assert [tuple(row) for row in kept] == [("deploy#1", 0), ("build#1", 0)]
        assert await plan.due() == [("finish_rollback", "build")]
        await plan.call("finish_rollback")
        assert await plan.due() == [("start", "build")]
        assert (await plan.step("build"))["findings"] == [{"message": "wrong flags"}]
        row = await plan.row()
        assert (row["total_steps"], row["completed_steps"]) == (6, 2)
        for step in ("build", "deploy", "told", "late"):
            await plan.work(step)
            await plan.call("advance_plan")
        assert await plan.finish() == "completed"


async def test_a_gate_stays_open_only_for_exactly_what_it_approved(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, build={}, deploy={"needs": ["build"]})
        await plan.work("build")
        await plan.call("advance_plan")
        asked = {"gate": GATE, "action": {"v": 1}, "kind": "command", "input": {}}
        await plan.call("start_plan_step", "deploy", **asked)
        await plan.answer("approve")
        # The file changed between the question and the answer: that was not approved.
        [row] = await plan.call("open_gate", "deploy", **{**asked, "action": {"v": 2}})
        assert row["status"] == "waiting"
        assert await plan.due() == []
        await plan.answer("approve")
        [row] = await plan.call("open_gate", "deploy", **{**asked, "action": {"v": 2}})
        await plan.end(row["execution_id"])
        await plan.call("complete_plan_step", "deploy")
        for version, status in ((2, "running"), (3, "waiting")):
            await plan.steer("roll_plan_back", to_step="deploy", reason="again")
            await plan.call("finish_rollback")
            await plan.call("advance_plan")
            again = {**asked, "action": {"v": version}}
            [row] = await plan.call("start_plan_step", "deploy", **again)
            assert row["status"] == status


async def test_what_is_under_way_is_cancelled_before_it_is_taken_back(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        plan = await played(connection, it={"undo": ["true"]}, gated={"needs": []})
        [row] = await plan.call("start_plan_step", "it", kind="command", input={})
        await call(connection, "claim_executions", holder="w", kinds=["command"], lease_seconds=30)
        await plan.steer("roll_plan_back", to_step="it", reason="too slow")
        execution = await one(connection, "select status::text from holdfast.agent_executions where id = $1", row["execution_id"])  # fmt: skip
        assert execution["status"] == "cancelled"
        assert await plan.due() == []  # its program may be at work until it misses its lease
        await set_clock(connection, 31)
        assert await plan.due() == [("undo", "it")]


@pytest.mark.parametrize("answer", ["again", "leave it", "stop"])
async def test_a_person_decides_about_an_undo_that_failed(holdfast_url: str, answer: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, it={"undo": ["false"]})
        await plan.work("it")
        await plan.steer("roll_plan_back", to_step="it", reason="wrong")
        [row] = await plan.call("undo_plan_step", "it", kind="command", input={})
        await plan.end(row["undo_id"], exit_code=1)
        await plan.call("settle_undo", "it")
        assert await plan.due() == []
        await plan.answer(answer)
        assert await plan.due() == [("decide_undo", "it")]
        await plan.call("decide_undo", "it")
        wanted = {"again": ("undo", "it"), "leave it": ("finish_rollback", "it"), "stop": ("finish", None)}  # fmt: skip
        assert await plan.due() == [wanted[answer]]


@pytest.mark.parametrize("heard", ["answered", "delivered"])
async def test_an_answer_that_a_rollback_overtakes_waits_for_nobody_and_is_asked_for_anew(
    holdfast_url: str, heard: str
) -> None:
    asked = {"gate": GATE, "action": {"v": 1}, "kind": "command", "input": {}}
    async with connected(holdfast_url) as connection:
        plan = await played(connection, deploy={})
        await plan.call("start_plan_step", "deploy", **asked)
        await plan.answer("approve")
        question = "select id, status::text from holdfast.questions order by id"
        if heard == "delivered":
            # The runner was killed before it took note of it.
            first = await one(connection, question)
            fence = {"epoch": None, "token": None}
            await call(connection, "deliver_answer", question_id=first["id"], **fence)
        await plan.steer("roll_plan_back", to_step="deploy", reason="not yet")

        assert [row["status"] for row in await connection.fetch(question)] == ["acknowledged"]
        told = "select count(*) from holdfast.events where type in ('question.delivered', 'question.acknowledged')"
        assert await connection.fetchval(told) == 2
        await plan.call("finish_rollback")
        await plan.call("advance_plan")
        [row] = await plan.call("start_plan_step", "deploy", **asked)
        assert row["status"] == "waiting"
