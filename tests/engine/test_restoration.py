"""What a restoration finds, and the one action that follows: every finding has a story in which it is found and acted upon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from holdfast.errors import LeaseLost
from tests.support.restoring import Stage, staged
from tests.support.sql import call, call_row, call_value, connected

Story: TypeAlias = Callable[[Stage], Awaitable[None]]

# Each story with what its restoration must find, and what must follow.
STORIES: dict[Story, dict[str, str]] = {}


def finds(**expected: str) -> Callable[[Story], Story]:
    def add(story: Story) -> Story:
        STORIES[story] = expected
        return story

    return add


@finds(state_missing="start_fresh", state_drawn="keep")
async def nothing_was_kept(stage: Stage) -> None:
    await call(stage.connection, "create_supervisor", name="harbour", handler="h")
    taken = await stage.take_up()
    assert taken is not None
    stage.id = taken["id"]
    await stage.come_back()
    assert (await stage.row())["state"] == "starting"


@finds(state_loaded="keep", work_open="keep", lease_new="keep", step_completed="keep", step_failed="keep", step_interrupted="repair",
    execution_pending="keep", execution_running="keep", execution_completed="keep", execution_failed="keep", execution_cancelled="keep",
    question_open="keep", question_answered="keep", question_settled="keep", checkpoint_good="keep", conversation_restored="keep",
    context_given="keep", restoration_counted="keep", goes_on="keep")  # fmt: skip
async def all_is_as_it_was(stage: Stage) -> None:
    await stage.begin(directive_id=await stage.directive())
    await stage.step("sound")
    await stage.step("chart", finished=False)
    await stage.step("guess", finished=False)
    await stage.do("finish_step", name="guess", error="fog")
    for key in ("completed", "failed"):
        await stage.spawn(key, f"callable:{key}")
        run = await stage.run(f"callable:{key}")
        await call(stage.connection, "finish_execution", execution_id=run["id"], status=key,
            epoch=run["epoch"], token=run["token"], result={})  # fmt: skip
    await call(stage.connection, "cancel_execution", execution_id=await stage.spawn("stopped"))
    await stage.spawn("running", "callable:long")
    await stage.run("callable:long", lease_seconds=3600)
    await stage.spawn("waiting")
    asked, answered, settled = [await stage.ask(key) for key in ("depth?", "wind?", "tide?")]
    for question in (answered, settled):
        await call(stage.connection, "answer_question", question_id=question, answer=3)
    await call(stage.connection, "deliver_answer", question_id=settled, **stage.token._asdict())
    await call(stage.connection, "acknowledge_answer", question_id=settled, **stage.token._asdict())
    await stage.say("hello", "harbour")

    await stage.come_back()

    assert stage.memory["steps"]["sound"]["result"] == "sound"
    assert set(stage.memory["executions"]) == {
        "completed",
        "failed",
        "stopped",
        "running",
        "waiting",
    }
    assert [each["key"] for each in stage.memory["answers"]] == ["wind?"]
    assert stage.memory["questions"]["depth?"] == str(asked)
    context = stage.memory["restoration"]["context"]
    for told in ("were interrupted", "working: sounding (40 %)", "You had done: sound, completed.", "became of: chart",
        "the answers that came: wind?", "the outcome of ", "the answer to depth?"):  # fmt: skip
        assert told in context, context


@finds(work_completed="finish")
async def somebody_completed_the_directive(stage: Stage) -> None:
    await stage.begin(directive_id=await stage.directive())
    spawned = await stage.spawn("review")
    await call(stage.connection, "move_directive", sd_key="SD-1", status="completed")
    await stage.come_back()
    row = await stage.row()
    assert (stage.token.token, row["state"], row["restoration_count"]) == (None, "completed", 1)
    assert (await stage.execution(spawned))["status"] == "cancelled"


@finds(work_cancelled="finish")
async def somebody_cancelled_the_directive(stage: Stage) -> None:
    await stage.begin(directive_id=await stage.directive())
    asked = await stage.ask("depth?")
    await call(stage.connection, "move_directive", sd_key="SD-1", status="cancelled", reason="r")
    await stage.come_back()
    row = await stage.row()
    assert (row["state"], row["lease_token"]) == ("failed", None)
    assert row["error_message"] == "Its directive SD-1 was cancelled meanwhile."
    assert (await stage.question(asked))["status"] == "withdrawn"


@finds(work_done="keep")
async def its_plan_is_over(stage: Stage) -> None:
    """The runner died after it had ended its plan and its directive, and before it ended itself."""
    await stage.begin(directive_id=await stage.directive())
    await stage.damage(
        "insert into holdfast.plans (venture_id, id, name, supervisor_id, directive_id, status, spec, created_at, started_at, ended_at)"
        " select venture_id, id, name, id, directive_id, 'completed', '{}', holdfast.now(), holdfast.now(), holdfast.now()"
        " from holdfast.supervisor_states where id = $1",
        stage.id,
    )
    await call(stage.connection, "move_directive", sd_key="SD-1", status="completed")
    await stage.come_back()
    await stage.do("finish_supervisor", state="completed", result="all of it")


@finds(work_blocked="ask")
async def somebody_blocked_the_directive(stage: Stage) -> None:
    await stage.begin(directive_id=await stage.directive())
    await call(stage.connection, "move_directive", sd_key="SD-1", status="blocked", reason="ice")
    await stage.come_back()
    row = await stage.row()
    assert (row["state"], row["pause_reason"]) == ("paused", "its directive was blocked meanwhile: ice")  # fmt: skip
    assert await stage.take_up() is None


@finds(state_undrawn="repair", progress_out_of_range="repair")
async def its_row_was_written_to(stage: Stage) -> None:
    await stage.begin()
    await stage.damage("alter domain holdfast.percent drop constraint percent_range")
    await stage.damage("update holdfast.supervisor_states set state = 'starting', progress = 130 where id = $1", stage.id)  # fmt: skip
    await stage.come_back()
    row = await stage.row()
    assert (row["state"], row["progress"]) == ("working", None)


@finds(checkpoint_unreadable="go_back", step_undone="drop", execution_undone="drop", question_undone="drop")  # fmt: skip
async def a_text_of_the_conversation_is_gone(stage: Stage) -> None:
    await stage.begin()
    await stage.step("before")
    good = await stage.say("one")
    await stage.do("save_supervisor", activity="lost", progress=90)
    bad = await stage.say("two", parent=good)
    await stage.step("after")
    spawned, asked = await stage.spawn("review"), await stage.ask("depth?")
    await stage.damage("delete from holdfast.blobs where content = 'two'")
    await stage.come_back()
    row = await stage.row()
    assert (row["checkpoint"], row["current_activity"], row["progress"]) == (good, "sounding", 40)
    assert set(stage.memory["steps"]) == {"before"}
    assert stage.memory["executions"] == stage.memory["questions"] == {}
    assert (await stage.execution(spawned))["status"] == "cancelled"
    assert (await stage.question(asked))["status"] == "withdrawn"
    assert await stage.spawn("review") != spawned
    assert await stage.say("another", parent=good) > bad
    assert "goes on from 1" in stage.memory["restoration"]["context"]


@finds(checkpoint_corrupt="go_back")
async def a_checkpoint_was_written_to(stage: Stage) -> None:
    await stage.begin()
    first = await stage.say("one")
    await stage.say("two", parent=first)
    await stage.damage(
        "update holdfast.checkpoints set state = '{\"rich\": true}' where number = 2"
    )
    await stage.come_back()
    assert (await stage.row())["checkpoint"] == first


@finds(checkpoint_lost="start_fresh")
async def not_even_the_first_checkpoint_is_whole(stage: Stage) -> None:
    await stage.begin()
    await stage.step("sound")
    await stage.say("one")
    await stage.damage("update holdfast.blobs set content = 'ten' where content = 'one'")
    await stage.come_back()
    row = await stage.row()
    assert (row["checkpoint"], row["state"], stage.memory["steps"]) == (None, "starting", {})
    assert "You begin at the beginning" in stage.memory["restoration"]["context"]


@finds(checkpoint_asked_for="go_back", step_undone="drop")
async def a_person_named_a_checkpoint(stage: Stage) -> None:
    await stage.begin()
    wanted = await stage.say("one")
    await stage.step("too far")
    lost = stage.token
    await call(stage.connection, "restore_supervisor", supervisor_id=stage.id, **{"from": wanted})
    with pytest.raises(LeaseLost):
        await stage.do("save_supervisor", activity="still here")
    taken = await stage.take_up()
    assert taken is not None
    row = await stage.row()
    assert (row["restoration_source"], row["restore_from"], row["checkpoint"]) == ("checkpoint", None, wanted)  # fmt: skip
    assert stage.memory["steps"] == {}
    assert lost.epoch is not None
    assert row["lease_epoch"] == lost.epoch + 1


@finds(plan_checkpoint_bad="repair")
async def a_checkpoint_of_a_plans_runner_was_written_to(stage: Stage) -> None:
    plan = await call_row(stage.connection, "create_plan", name="p", steps=[{"id": "one"}])
    stage.id = plan["supervisor_id"]
    taken = await call_row(stage.connection, "claim_supervisors", holder="w", ids=[stage.id])
    runner = {"plan_id": plan["id"], "epoch": taken["epoch"], "token": taken["token"]}
    await call(stage.connection, "advance_plan", **runner)
    step = await call_row(stage.connection, "start_plan_step", **runner, step_key="one", kind="callable:x")  # fmt: skip
    await stage.damage("update holdfast.checkpoints set listed = '[]'")
    await stage.die()
    await call_row(stage.connection, "claim_supervisors", holder="w", ids=[stage.id])
    assert (await stage.execution(step["execution_id"]))["status"] == "pending"
    assert await again(stage, "plan_checkpoint_bad", "execution_unlisted") == set()


@finds(execution_missing="respawn", question_missing="drop")
async def what_it_lists_is_gone(stage: Stage) -> None:
    await stage.begin()
    spawned, asked = await stage.spawn("review"), await stage.ask("depth?")
    await stage.damage("delete from holdfast.agent_executions where id = $1", spawned)
    await stage.damage("delete from holdfast.questions where id = $1", asked)
    await stage.come_back()
    assert await stage.spawn("review") != spawned
    assert await stage.ask("depth?") != asked
    assert await again(stage, "execution_missing", "question_missing") == set()


@finds(execution_foreign="drop", question_foreign="drop")
async def what_it_lists_is_anothers(stage: Stage) -> None:
    await stage.begin()
    spawned, asked = await stage.spawn("review"), await stage.ask("depth?")
    other = await call_row(stage.connection, "create_supervisor", name="other")
    for table, id_ in (("agent_executions", spawned), ("questions", asked)):
        await stage.damage(f"update holdfast.{table} set supervisor_id = $1 where id = $2", other["id"], id_)  # fmt: skip
    await stage.come_back()
    assert stage.memory["executions"] == stage.memory["questions"] == {}
    assert (await stage.execution(spawned))["status"] == "pending"
    assert await again(stage, "execution_foreign", "question_foreign") == set()


@finds(execution_unlisted="repair", question_unlisted="repair")
async def what_is_its_own_is_not_listed(stage: Stage) -> None:
    await stage.begin()
    await stage.spawn("review")
    await stage.ask("depth?")
    await stage.damage("delete from holdfast.checkpoints where number = 2")
    await stage.damage("update holdfast.supervisor_states set checkpoint = null where id = $1", stage.id)  # fmt: skip
    await stage.come_back()
    assert "review" in stage.memory["executions"]
    assert await again(stage, "execution_unlisted", "question_unlisted") == set()


@finds(execution_without_worker="respawn")
async def its_creator_died_with_it(stage: Stage) -> None:
    await stage.begin()
    run = await stage.spawn("own", None)
    await call(stage.connection, "start_execution", execution_id=run, holder="worker", lease_seconds=5)  # fmt: skip
    await stage.come_back()
    assert "own" not in stage.memory["executions"]
    assert (await stage.execution(run))["status"] == "failed"
    assert await stage.spawn("own", None) != run


@finds(execution_interrupted="repair", question_overdue="repair")
async def others_died_too_and_nobody_looked(stage: Stage) -> None:
    await stage.begin()
    run = await stage.spawn("review")
    await stage.run(lease_seconds=5)
    asked = await stage.ask("depth?", expires_in_seconds=10, default_answer=7)
    await stage.later()
    named = {"holder": "w", "ids": [stage.id]}
    await call(stage.connection, "claim_supervisors", **named)
    assert (await stage.execution(run))["lease_token"] is None
    question = await stage.question(asked)
    assert (question["status"], question["answer"]) == ("expired", 7)


@finds(answer_invalid="ask")
async def an_answer_was_written_to(stage: Stage) -> None:
    await stage.begin()
    asked = await stage.ask("go?", options=["yes", "no"])
    await call(stage.connection, "answer_question", question_id=asked, answer="yes")
    await stage.damage("update holdfast.questions set answer = '\"maybe\"' where id = $1", asked)
    await stage.come_back()
    assert (await stage.row())["state"] == "paused"


@finds(claim_held="keep")
async def its_session_holds_the_directive(stage: Stage) -> None:
    await with_session(stage, lease_seconds=3600)
    await stage.come_back()
    assert (await stage.row())["session_id"] is not None


@finds(claim_lapsed="repair")
async def nobody_holds_the_directive(stage: Stage) -> None:
    await with_session(stage, lease_seconds=10)
    await stage.come_back()
    assert (await stage.row())["session_id"] is None


@finds(claim_taken="ask")
async def another_session_holds_the_directive(stage: Stage) -> None:
    await with_session(stage, lease_seconds=10)
    await stage.later()
    await call(stage.connection, "reap")
    other = await call_row(stage.connection, "start_session", session_id="other", lease_seconds=3600)  # fmt: skip
    await call(stage.connection, "claim_directive", session_id="other", sd_key="SD-1", lease_seconds=3600,
        epoch=other["epoch"], token=other["token"])  # fmt: skip
    assert await stage.take_up() is None
    assert "the session other holds it" in (await stage.row())["pause_reason"]


@finds(lease_reused="keep")
async def a_coordinator_of_ones_own_says_twice_that_it_restored_its_work(stage: Stage) -> None:
    await stage.begin()
    assert await stage.do("mark_supervisor_restored", source="manual") == 1
    assert await stage.do("mark_supervisor_restored", source="manual") == 2


@finds(accepted="keep")
async def a_person_said_that_it_goes_on(stage: Stage) -> None:
    await somebody_blocked_the_directive(stage)
    [asked] = await stage.connection.fetch("select * from holdfast.questions where status = 'open'")
    assert "cannot go on by itself" in asked["message"]
    await call(stage.connection, "answer_question", question_id=asked["id"], answer="go on")
    assert (await stage.question(asked["id"]))["status"] == "acknowledged"
    assert await stage.take_up() is not None


async def with_session(stage: Stage, *, lease_seconds: float) -> None:
    """A supervisor that works in a session, which has claimed its directive."""
    session = await call_row(stage.connection, "start_session", session_id="s", lease_seconds=lease_seconds)  # fmt: skip
    directive = await stage.directive()
    await call(stage.connection, "claim_directive", session_id="s", sd_key="SD-1", lease_seconds=lease_seconds,
        epoch=session["epoch"], token=session["token"])  # fmt: skip
    await stage.begin(session_id=session["id"], directive_id=directive)


async def again(stage: Stage, *findings: str) -> set[str]:
    """Which of these a second restoration finds; the first one's rows are what the test looks at."""
    await stage.die()
    told = await call_value(stage.connection, "preview_restoration", supervisor_id=stage.id)
    return {each["finding"] for each in told["findings"]} & set(findings)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_finding_is_found_and_its_action_taken(holdfast_url: str, story: Story) -> None:
    async with staged(holdfast_url) as stage:
        await story(stage)
        found = {row["finding"]: row["action"] for row in await stage.found()}
        assert found | STORIES[story] == found
        events = await stage.connection.fetch(
            "select data from holdfast.events where stream_id = $1 and type = 'supervisor.finding'"
            " and (data ->> 'restoration')::integer = (select restoration_count from holdfast.supervisor_states where id = $1)"
            " order by seq",
            stage.id,
        )
        assert [(e["data"]["step"], e["data"]["finding"], e["data"]["subject"]) for e in events] == [
            (row["step"], row["finding"], row["subject"]) for row in await stage.found()
        ]  # fmt: skip
        gaps = "select 1 from holdfast.events group by stream_id having max(seq) <> count(*)"
        assert await stage.connection.fetch(gaps) == []


async def test_every_finding_has_a_story(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        rows = await connection.fetch("select finding, action from holdfast.restoration_rules()")
        actions = await connection.fetch("select unnest(enum_range(null::holdfast.restoration_action))")  # fmt: skip
    told = {finding: action for story in STORIES.values() for finding, action in story.items()}
    assert told == {row["finding"]: row["action"] for row in rows}
    assert set(told.values()) == {row[0] for row in actions}
