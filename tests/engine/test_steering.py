"""Plans that people steer: pausing and stopping; and what a plan does by itself when a step has failed."""

from __future__ import annotations

import pytest

from holdfast.errors import Blocked, EvidenceMissing, IllegalMove, InvalidValue, NotFound
from tests.support.plan_runner import Played, played
from tests.support.sql import call, connected, one, set_clock

GATE = {"message": "Deployed?", "options": ["approve", "reject"]}


async def test_a_paused_plan_starts_nothing_and_lets_what_runs_end(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, a={}, b={}, c={"needs": ["a"]})
        await plan.start("a")
        await plan.steer("pause_plan", reason="lunch")
        assert await plan.due() == [("settle_work", "a")]
        await plan.call("complete_plan_step", "a")
        assert await plan.due() == []
        with pytest.raises(Blocked):
            await plan.start("b")
        with pytest.raises(Blocked):
            await plan.steer("pause_plan")
        assert (await plan.row())["pause_reason"] == "lunch"
        await plan.steer("resume_plan")
        assert await plan.due() == [("start", "b"), ("start", "c")]
        with pytest.raises(IllegalMove):
            await plan.steer("resume_plan")


async def test_after_a_failure_that_may_be_only_what_asks_when_goes_on(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(
            connection,
            try_={"on_failure": "continue"},
            stands_on_it={"needs": ["try_"]},
            and_on_that={"needs": ["stands_on_it"]},
            cleans_up={"needs": ["try_"], "when": "true"},
        )
        await plan.start("try_")
        await plan.fail("try_")
        assert await plan.due() == [("start", "cleans_up")]
        assert (await plan.step("and_on_that"))["skip_reason"] == "try_ has failed."
        await plan.complete("cleans_up")
        assert await plan.due() == [("finish", None)]
        assert await plan.finish() == "completed"
        assert (await plan.row())["progress"] == 100


async def test_a_red_verification_never_ends_green(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(
            connection, it={"on_failure": "continue", "verify": {"command": ["false"]}}
        )
        await plan.start("it")
        await plan.run_verification("it", exit_code=1)
        await plan.call("record_evidence", "it")
        with pytest.raises(EvidenceMissing):
            await plan.call("complete_plan_step", "it")
        await plan.fail("it")
        assert await plan.finish() == "failed"


async def test_no_more_steps_run_than_the_limits_of_role_agent_and_plan_allow(
    holdfast_url: str,
) -> None:
    spec = {"max_parallel": 3, "limits": {"roles": {"db": 1}, "agents": {"claude": 1}}}
    async with connected(holdfast_url) as connection:
        plan = await played(
            connection,
            spec=spec,
            d1={"role": "db"}, d2={"role": "db"},
            c1={"agent": "claude", "role": "db"}, c2={"agent": "claude"},
            x={}, y={},
        )  # fmt: skip
        assert await plan.due() == [("start", "d1"), ("start", "c2"), ("start", "x")]
        await plan.start("d1", "c2")
        for over in ("d2", "c1"):
            with pytest.raises(Blocked):
                await plan.start(over)
        await plan.start("x")
        with pytest.raises(Blocked):
            await plan.start("y")
        await plan.call("complete_plan_step", "d1")
        assert ("start", "d2") in await plan.due()


async def test_a_step_that_wants_to_be_alone_is_and_is_not_starved(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, a={}, alone={"parallel": False}, b={})
        assert await plan.due() == [("start", "a")]
        await plan.start("a")
        assert await plan.due() == [("settle_work", "a")]
        await plan.call("complete_plan_step", "a")
        assert await plan.due() == [("start", "alone")]
        await plan.start("alone")
        with pytest.raises(Blocked):
            await plan.start("b")


async def test_a_foreach_ends_as_its_items_do(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        each = {"foreach": "inputs.x", "max_parallel": 2, "verify": {"command": ["true"]}}
        plan = await played(connection, each=each, none={"foreach": []}, after={"needs": ["each"]})
        await plan.call("expand_plan_step", "each", items=["x", {"y": 1}, "z"])
        await plan.call("expand_plan_step", "none", items=[])
        assert (await plan.step("none"))["status"] == "skipped"
        assert await plan.due() == [("start", "each.1"), ("start", "each.2")]
        for number in (1, 2, 3):
            await plan.start(f"each.{number}")
            await plan.run_verification(f"each.{number}", exit_code=0)
            await plan.call("record_evidence", f"each.{number}")
            await plan.call("complete_plan_step", f"each.{number}", result={"n": number})
            await plan.call("advance_plan")
        with pytest.raises(Blocked):
            await plan.steer("roll_plan_back", to_step="after", reason="nothing of it has begun")
        assert await plan.due() == [("settle_items", "each")]
        [row] = await plan.call("settle_items", "each")
        assert row["result"] == [{"n": 1}, {"n": 2}, {"n": 3}]
        assert await plan.due() == [("start", "after")]
        titles = await connection.fetch(
            "select title, spec -> 'item' as item from holdfast.plan_steps where of_step is not null order by item_index"
        )
        assert [row["title"] for row in titles] == ["each: x", "each (2 of 3)", "each: z"]


async def test_an_item_that_fails_fails_its_foreach_and_the_others_are_not_begun(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        back = {"to": "before", "at_most": 1}
        plan = await played(
            connection, before={}, each={"foreach": [], "needs": ["before"], "on_failure": back}
        )
        await plan.complete("before")
        await plan.call("advance_plan")
        await plan.call("expand_plan_step", "each", items=[1, 2, 3])
        await plan.call("advance_plan")
        await plan.start("each.1", "each.2")
        await plan.fail("each.1")
        with pytest.raises(Blocked):
            await plan.start("each.3")
        await plan.call("complete_plan_step", "each.2")
        assert await plan.due() == [("settle_items", "each")]
        [row] = await plan.call("settle_items", "each")
        assert row["error_message"] == "1 of 3 items have failed: each.1."
        assert await plan.due() == [("send_back", "each")]
        await plan.call("send_plan_back", from_step="each", to_step="before", findings=["x"])
        await plan.call("advance_plan")
        await plan.complete("before")
        await plan.call("advance_plan")
        await plan.call("expand_plan_step", "each", items=[1])
        await plan.call("advance_plan")
        await plan.complete("each.1")
        await plan.call("settle_items", "each")
        assert await plan.finish() == "completed"


async def test_after_each_step_a_person_lets_the_plan_go_on_or_stops_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, spec={"mode": "each_step"}, a={}, b={"needs": ["a"]}, c={})
        await plan.complete("a")
        assert await plan.due() == [("start", "c")]  # b waits for the answer
        await plan.answer("go on")
        assert await plan.due() == [("release", "a"), ("start", "c")]
        await plan.call("release_plan_step", "a")
        await plan.call("advance_plan")
        await plan.complete("b")
        await plan.answer("stop")
        await plan.call("release_plan_step", "b")
        assert await plan.due() == [("finish", None)]
        assert await plan.finish() == "failed"
        assert (await plan.row())["error_message"].startswith("Stopped by")
        # Stopped is not lost: it goes on from there, as if the step had been let go on.
        await _end_runner(plan)
        await plan.steer("resume_plan")
        assert await plan.due() == [("start", "c")]


async def test_a_report_goes_on_by_itself_unless_it_is_stopped_in_time(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        plan = await played(
            connection, spec={"mode": "report", "report_wait_seconds": 60}, a={}, b={"needs": ["a"]}
        )
        await plan.complete("a")
        assert await plan.due() == []
        await set_clock(connection, 61)
        await call(connection, "reap")
        assert await plan.due() == [("release", "a")]
        await plan.call("release_plan_step", "a")
        assert await plan.due() == [("start", "b")]


async def _end_runner(plan: Played) -> None:
    row = await plan.row()
    await call(
        plan.connection, "finish_supervisor", supervisor_id=row["supervisor_id"], epoch=None, token=None, state="failed"
    )  # fmt: skip


async def test_a_failed_plan_runs_again_from_what_failed(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, good={}, bad={"needs": ["good"]}, last={"needs": ["bad"]})
        await plan.complete("good")
        await plan.call("advance_plan")
        await plan.start("bad")
        await plan.fail("bad")
        assert await plan.due() == [("finish", None)]
        assert await plan.finish() == "failed"
        with pytest.raises(Blocked):  # its runner has not let go of it
            await plan.steer("resume_plan")
        await _end_runner(plan)
        directive = (await plan.row())["sd_key"]
        await call(connection, "move_directive", sd_key=directive, status="blocked", reason="its plan failed")  # fmt: skip
        await plan.steer("resume_plan", reason="mended")
        assert await plan.due() == [("start", "bad")]
        await plan.complete("bad")
        await plan.call("advance_plan")
        await plan.complete("last")
        assert await plan.finish() == "completed"
        with pytest.raises(IllegalMove):
            await plan.steer("resume_plan")
        with pytest.raises(IllegalMove):
            await plan.steer("roll_plan_back", to_step="good", reason="too late")
        assert await plan.rounds() == [("good", 1, "completed"), ("bad", 1, "failed"), ("bad", 2, "completed"), ("last", 1, "completed")]  # fmt: skip


async def test_a_plan_that_is_stopped_ends_with_all_that_waits_for_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(connection, a={}, b={}, c={"needs": ["a"]})
        [row] = await plan.call("start_plan_step", "a", kind="command", input={})
        await plan.call("start_plan_step", "b", gate=GATE)
        await plan.steer("stop_plan", reason="wrong")
        told = await plan.row()
        assert (told["status"], told["error_message"]) == ("failed", "Stopped by an operator: wrong.")  # fmt: skip
        states = await one(
            connection,
            "select (select status::text from holdfast.agent_executions where id = $1),"
            " (select status::text from holdfast.questions), (select status::text from holdfast.directives)",
            row["execution_id"],
        )
        assert tuple(states) == ("cancelled", "withdrawn", "blocked")
        with pytest.raises(IllegalMove):
            await plan.steer("stop_plan")


async def test_a_plan_begins_once_its_whole_checklist_holds(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        other = await played(connection, done={})
        name = (await other.row())["name"]
        checklist = [
            {"id": "clean", "command": ["true"]},
            {"id": "after", "plan": name, "step": "done"},
            {"id": "ann", "tick": True},
        ]
        plan = await played(connection, spec={"checklist": checklist}, it={})
        assert await plan.due() == [("check_condition", "clean")]
        for exit_code, at in ((1, 0), (0, 61)):
            await set_clock(connection, at)
            [row] = await plan.call("check_condition", condition_id="clean", kind="command", input={})  # fmt: skip
            assert await plan.due() == []
            await plan.end(row[0], exit_code)
            assert await plan.due() == [("settle_condition", "clean")]
            await plan.call("record_condition", condition_id="clean")
            assert await plan.due() == []
        with pytest.raises(InvalidValue):
            await plan.steer("tick_condition", condition_id="clean")
        with pytest.raises(NotFound):
            await plan.steer("tick_condition", condition_id="bob")
        await plan.steer("tick_condition", condition_id="ann")
        told = await call(connection, "plan_conditions", plan_id=plan.id)
        assert [(row["condition_id"], row["holds"], row["exit_code"]) for row in told] == [("clean", True, 0), ("after", False, None), ("ann", True, None)]  # fmt: skip
        assert (await plan.row())["status"] == "pending"
        await other.complete("done")
        assert await plan.due() == [("start", "it")]


async def test_a_persons_word_does_not_complete_a_step(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        with pytest.raises(InvalidValue):
            await played(connection, it={"agent": "person"})
        by_hand = {"agent": "person", "verify": {"command": ["true"]}, "outputs": ["url"]}
        plan = await played(connection, it=by_hand)
        [row] = await plan.call("start_plan_step", "it", kind="person", input={"prompt": "Deploy"})
        assert row["status"] == "waiting"
        verified = {"kind": "command", "input": {}, "result": {"url": "x"}}
        with pytest.raises(Blocked):
            await plan.call("verify_plan_step", "it", **verified)
        await plan.answer("done")
        assert await plan.due() == [("hear_person", "it")]
        with pytest.raises(EvidenceMissing):
            await plan.call("complete_plan_step", "it", result={"url": "x"})
        with pytest.raises(EvidenceMissing):  # an output is missing
            await plan.call("verify_plan_step", "it", **{**verified, "result": {}})
        [row] = await plan.call("verify_plan_step", "it", **verified)
        assert row["status"] == "verifying"


async def test_a_review_of_what_is_done_runs_beside_what_is_not(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await played(
            connection, api={}, web={}, review_api={"needs": ["api"], "role": "code-reviewer"}
        )
        await plan.complete("api")
        await plan.start("web")
        assert ("start", "review_api") in await plan.due()
        await plan.start("review_api")
        assert await plan.open_steps() == {"web": "running", "review_api": "running"}
