"""Plans: done has evidence, what was sent back is kept, and a plan ends as its steps did."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import Blocked, EvidenceMissing, IllegalMove, InvalidValue
from tests.support.plan_runner import played
from tests.support.sql import call, connected, one

VERIFIED = {"verify": {"run": "true"}}
ROUNDS = "select step_key, round, status::text, attempt, findings, result from holdfast.plan_steps order by position, round"  # fmt: skip


async def test_a_step_is_ready_once_all_it_needs_is_completed(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, a={}, b={}, c={"needs": ["a", "b"]})
        assert await runner.open_steps() == {"a": "ready", "b": "ready", "c": "pending"}
        with pytest.raises(IllegalMove):
            await runner.start("c")
        await runner.complete("a")
        assert await runner.open_steps() == {"b": "ready", "c": "pending"}
        await runner.complete("b")
        assert await runner.open_steps() == {"c": "ready"}


async def test_a_verified_step_is_not_completed_without_evidence(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, it=VERIFIED)
        await runner.start("it")
        with pytest.raises(EvidenceMissing):
            await runner.call("complete_plan_step", "it")
        with pytest.raises(EvidenceMissing):
            await runner.call("record_evidence", "it")
        await runner.run_verification("it", exit_code=0)
        with pytest.raises(EvidenceMissing):  # it has run, but nothing was written down
            await runner.call("complete_plan_step", "it")
        (evidence,) = await runner.call("record_evidence", "it")
        assert (evidence["exit_code"], evidence["command"]) == (0, ["true"])
        assert (evidence["output_digest"], evidence["duration_ms"]) == (bytes(32), 1)
        (step,) = await runner.call("complete_plan_step", "it")
        assert step["status"] == "completed"


async def test_a_verification_that_failed_is_no_evidence(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, it=VERIFIED)
        await runner.start("it")
        await runner.run_verification("it", exit_code=1)
        await runner.call("record_evidence", "it")
        with pytest.raises(EvidenceMissing):
            await runner.call("complete_plan_step", "it")


async def test_evidence_of_an_attempt_before_does_not_do(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, it=VERIFIED)
        await runner.start("it")
        await runner.run_verification("it", exit_code=0)
        await runner.call("record_evidence", "it")
        await runner.fail("it", retry=True)
        await runner.start("it")
        with pytest.raises(EvidenceMissing):
            await runner.call("complete_plan_step", "it")


async def test_a_verification_that_is_still_running_is_no_evidence(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, it=VERIFIED)
        await runner.start("it")
        await runner.call("verify_plan_step", "it", result={}, kind="k", input={})
        with pytest.raises(EvidenceMissing):
            await runner.call("record_evidence", "it")


async def test_what_was_sent_back_is_kept_with_its_evidence(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, draft={}, review={**VERIFIED, "needs": ["draft"]}, deploy={"needs": ["review"]}, aside={})  # fmt: skip
        await runner.complete("draft", "aside")
        await runner.call("advance_plan")
        await runner.start("review")
        await runner.run_verification("review", exit_code=1)
        await runner.call("record_evidence", "review")
        await runner.fail("review")
        before = [tuple(row) for row in await connection.fetch(ROUNDS)]
        evidence = await one(connection, "select * from holdfast.plan_step_evidence")
        await runner.call("send_plan_back", from_step="review", to_step="draft", findings=["no index"])  # fmt: skip

        assert await runner.rounds() == [
            ("draft", 1, "completed"), ("draft", 2, "pending"),
            ("review", 1, "failed"), ("review", 2, "pending"),
            ("deploy", 1, "pending"), ("aside", 1, "completed"),
        ]  # fmt: skip
        after = [tuple(row) for row in await connection.fetch(ROUNDS)]
        assert [row for row in after if row in before] == before
        assert await one(connection, "select * from holdfast.plan_step_evidence") == evidence
        assert await runner.open_steps() == {"draft": "ready", "review": "pending", "deploy": "pending"}  # fmt: skip
        newest = await one(connection, "select * from holdfast.plan_steps where step_key = 'draft' and round = 2")  # fmt: skip
        assert newest["findings"] == ["no index"]


async def test_the_failed_step_gets_a_new_round_even_if_it_does_not_stand_on_the_named_one(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, a={}, b={})
        await runner.complete("a")
        await runner.start("b")
        await runner.fail("b")
        await runner.call("send_plan_back", from_step="b", to_step="a", findings={})
        assert await runner.rounds() == [("a", 1, "completed"), ("a", 2, "pending"), ("b", 1, "failed"), ("b", 2, "pending")]  # fmt: skip


async def test_only_a_failed_step_sends_back_and_nothing_under_way_is_torn_out(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, a={}, b={"needs": ["a"]}, c={"needs": ["a"]})
        await runner.complete("a")
        await runner.call("advance_plan")
        await runner.start("b", "c")
        back: dict[str, Any] = {"from_step": "b", "to_step": "a", "findings": {}}
        with pytest.raises(IllegalMove):
            await runner.call("send_plan_back", **back)
        await runner.fail("b")
        with pytest.raises(Blocked):
            await runner.call("send_plan_back", **back)
        assert await runner.rounds() == [("a", 1, "completed"), ("b", 1, "failed"), ("c", 1, "running")]  # fmt: skip


async def test_a_plan_does_not_end_completed_with_a_failed_or_an_open_step(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        for spoil in ("failed", "running", "ready"):
            runner = await played(connection, good={}, bad={})
            await runner.complete("good")
            if spoil != "ready":
                await runner.start("bad")
            if spoil == "failed":
                await runner.fail("bad")
            assert await runner.finish() == "failed"
            row = await one(connection, "select * from holdfast.plans where id = $1", runner.plan["plan_id"])  # fmt: skip
            assert (row["status"], row["error_message"]) == ("failed", "Not completed: bad.")
            assert row["ended_at"] is not None


async def test_a_plan_whose_newest_rounds_are_completed_is_completed(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, a={}, b={"needs": ["a"]})
        await runner.complete("a")
        await runner.call("advance_plan")
        await runner.start("b")
        await runner.fail("b")
        await runner.call("send_plan_back", from_step="b", to_step="a", findings={})
        for step in ("a", "b"):
            await runner.call("advance_plan")
            await runner.complete(step)
        assert await runner.finish() == "completed"
        assert await runner.finish() == "completed"  # its answer may have been lost on the way
        row = await one(connection, "select * from holdfast.v_plans")
        assert (row["total_steps"], row["completed_steps"], row["progress"]) == (2, 2, 100)


async def test_a_gate_opens_with_an_answer_only(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, it={})
        gate = {"message": "Deployed?", "options": ["yes"]}
        (step,) = await runner.call("start_plan_step", "it", gate=gate)
        assert step["status"] == "waiting"
        with pytest.raises(Blocked):
            await runner.call("open_gate", "it")
        with pytest.raises(IllegalMove):  # nor by starting it once more
            await runner.start("it")
        await call(connection, "answer_question", question_id=step["question_id"], answer="yes")
        (step,) = await runner.call("open_gate", "it")
        assert step["status"] == "running"


async def test_a_gate_is_asked_again_in_a_new_attempt(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        runner = await played(connection, it={})
        gate = {"message": "Deployed?"}
        (first,) = await runner.call("start_plan_step", "it", gate=gate)
        await call(connection, "answer_question", question_id=first["question_id"], answer="yes")
        await runner.call("open_gate", "it")
        await runner.fail("it", retry=True)
        with pytest.raises(IllegalMove):  # the answer was for the attempt before
            await runner.call("open_gate", "it")
        (second,) = await runner.call("start_plan_step", "it", gate=gate)
        assert second["question_id"] != first["question_id"]


@pytest.mark.parametrize(
    "steps", [[], {}, None, [{"id": "a", "needs": ["b"]}, {"id": "b"}], [{"id": "a", "needs": ["a"]}], [{"id": "a"}, {"id": "a"}], [{}]],
)  # fmt: skip
async def test_a_plan_that_cannot_be_run_is_refused_whole(holdfast_url: str, steps: Any) -> None:
    async with connected(holdfast_url) as connection:
        with pytest.raises(InvalidValue):
            await call(connection, "create_plan", name="p", steps=steps)
        for table in ("plans", "plan_steps", "directives", "supervisor_states", "events"):
            assert await connection.fetchval(f"select count(*) from holdfast.{table}") == 0
