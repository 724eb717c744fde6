"""Save points, going back to them, forking from them; and two who want one supervisor."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import Blocked, IllegalMove, LeaseLost, NotFound
from tests.support.restoring import LEASE_SECONDS, Stage, staged
from tests.support.sql import call, call_row, call_value, connected, connected_many, set_clock


async def line_of(stage: Stage) -> list[tuple[Any, ...]]:
    rows = await stage.connection.fetch(
        "select number, parent, reason::text from holdfast.checkpoints where supervisor_id = $1 order by number",
        stage.id,
    )
    return [tuple(row) for row in rows]


async def test_every_save_point_stands_on_the_one_before(holdfast_url: str) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin()
        await stage.spawn("review")
        asked = await stage.ask("depth?")
        await call(stage.connection, "answer_question", question_id=asked, answer=3)
        fence = {"question_id": asked, **stage.token._asdict()}
        await call(stage.connection, "deliver_answer", **fence)
        await call(stage.connection, "acknowledge_answer", **fence)
        await stage.do("update_supervisor_phase", phase="EXEC")
        await stage.do("update_supervisor_heartbeat_state", current_activity="alive")
        number = await stage.say("hello")
        await call(stage.connection, "request_checkpoint", supervisor_id=stage.id, label="mine")
        assert await line_of(stage) == [
            (1, None, "spawn"),
            (2, 1, "question"),
            (3, 2, "answer"),
            (4, 3, "phase"),
            (5, 4, "request"),
            (6, 5, "person"),
        ]
        # What the engine and a person kept meanwhile does not fork the conversation.
        assert await stage.say("world", parent=number) == 7
        await stage.spawn("review")
        assert (await stage.row())["checkpoint"] == 7


async def test_two_restored_at_once_one_wins_and_the_others_writes_are_refused(
    holdfast_url: str,
) -> None:
    async with staged(holdfast_url) as stage, connected_many(holdfast_url, 2) as pair:
        await stage.begin()
        await stage.step("sound")
        first = stage.token
        await stage.die()
        for connection in pair:
            await set_clock(connection, stage.seconds)
        given = [
            await call(one, "claim_supervisors", holder=f"w{n}", handlers=["h"])
            for n, one in enumerate(pair)
        ]
        [winner] = [row for rows in given for row in rows]
        who = {"supervisor_id": stage.id, "epoch": first.epoch, "token": first.token}
        before = await stage.row()
        writes: dict[str, dict[str, Any]] = {
            "save_supervisor": {"activity": "still here"},
            "begin_step": {"name": "chart"},
            "spawn_execution": {"key": "k", "name": "n", "kind": "callable:x"},
            "ask_question": {"message": "?"},
            "save_checkpoint": {"parent": None},
            "update_supervisor_phase": {"phase": "EXEC"},
            "mark_supervisor_restored": {"source": "manual"},
            "finish_supervisor": {"state": "completed"},
            "release_supervisor": {"reason": "r"},
        }
        for function, more in writes.items():
            with pytest.raises(LeaseLost):
                await call(stage.connection, function, **who, **more)
        assert await stage.row() == before
        assert before["restoration_count"] == 1
        token = {"epoch": winner["epoch"], "token": winner["token"]}
        await call(stage.connection, "finish_supervisor", supervisor_id=stage.id, **token, state="failed", error="e")  # fmt: skip


async def test_a_dry_run_says_what_the_restoration_then_does_and_changes_nothing(
    holdfast_url: str,
) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin()
        wanted = await stage.say("one")
        await stage.step("too far")
        await stage.spawn("review")
        before = await stage.row()
        named = {"supervisor_id": stage.id, "from": wanted}
        told = await call_value(stage.connection, "preview_restoration", **named)
        assert await stage.row() == before
        await call(stage.connection, "restore_supervisor", **named)
        await stage.take_up()
        assert [
            {name: row[name] for name in ("step", "finding", "subject", "action", "reason")}
            for row in await stage.found()
        ] == told["findings"]
        assert told["context"] == stage.memory["restoration"]["context"]
        assert (told["source"], told["outcome"]) == ("checkpoint", "went_on")


async def test_a_rewound_supervisor_waits_for_a_person_and_then_goes_on_from_there(
    holdfast_url: str,
) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin()
        await stage.step("sound")
        wanted = await stage.say("one")
        await stage.say("two", parent=wanted)
        await stage.step("chart")
        spawned = await stage.spawn("review")
        await call(stage.connection, "rewind_supervisor", supervisor_id=stage.id, to=wanted)
        with pytest.raises(LeaseLost):
            await stage.do("save_supervisor", activity="still here")
        row = await stage.row()
        assert (row["state"], row["checkpoint"], row["pause_reason"]) == ("paused", wanted, "taken back to checkpoint 1")  # fmt: skip
        assert (await stage.execution(spawned))["status"] == "cancelled"
        assert await stage.take_up() is None
        await call(stage.connection, "resume_supervisor", supervisor_id=stage.id)
        assert await stage.take_up() is not None
        assert set(stage.memory["steps"]) == {"sound"}
        loaded = await call_row(stage.connection, "load_checkpoint", supervisor_id=stage.id)
        assert loaded["blobs"] == [b"one"]
        # One that it does not stand on any more is no place to go back to.
        with pytest.raises(NotFound, match="does not stand on a checkpoint 2"):
            await call(stage.connection, "rewind_supervisor", supervisor_id=stage.id, to=2)
        assert [row["reason"] for row in await stage.connection.fetch("select reason from holdfast.checkpoints order by number")] == ["request", "request", "spawn"]  # fmt: skip


async def test_a_fork_begins_with_what_the_other_had_and_leaves_it_alone(holdfast_url: str) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin(input={"harbour": "Oban"})
        await stage.step("sound")
        done = await stage.spawn("review")
        run = await stage.run()
        await call(stage.connection, "finish_execution", execution_id=done, status="completed",
            epoch=run["epoch"], token=run["token"], result={"ok": True})  # fmt: skip
        await stage.ask("deploy?")
        wanted = await stage.say("one", "two")
        await stage.step("chart")
        await stage.do("finish_supervisor", state="failed", error="fog")
        before = await stage.row()
        with pytest.raises(IllegalMove, match="cannot become restored"):
            await call(stage.connection, "restore_supervisor", supervisor_id=stage.id)

        fork = Stage(stage.connection)
        fork.id = await call_value(stage.connection, "fork_supervisor", supervisor_id=stage.id, **{"from": wanted})  # fmt: skip
        assert await fork.take_up() is not None

        assert (await fork.row())["input"] == {"harbour": "Oban"}
        assert set(fork.memory["steps"]) == {"sound"}
        assert fork.memory["executions"] == {"review": str(done)}
        assert fork.memory["questions"] == {}
        loaded = await call_row(stage.connection, "load_checkpoint", supervisor_id=fork.id)
        assert loaded["blobs"] == [b"one", b"two"]
        assert (
            "You begin with what harbour had." in fork.memory["restoration"]["context"]
        )  # fmt: skip
        findings = {row["finding"] for row in await fork.found()}
        assert {"checkpoint_good", "execution_completed", "conversation_restored"} <= findings
        after = await stage.row()
        assert {k: v for k, v in after.items() if k != "seq"} == {k: v for k, v in before.items() if k != "seq"}  # fmt: skip
        assert await stage.connection.fetchval("select count(*) from holdfast.blobs") == 2


async def test_the_runner_of_a_plan_is_neither_taken_back_nor_forked(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        plan = await call_row(connection, "create_plan", name="p", steps=[{"id": "one"}])
        named = {"supervisor_id": plan["supervisor_id"]}
        for function, given in (
            ("rewind_supervisor", {"to": 1}),
            ("fork_supervisor", {}),
            ("restore_supervisor", {"from": 1}),
        ):
            with pytest.raises(Blocked, match="runs a plan"):
                await call(connection, function, **named, **given)


@pytest.mark.parametrize(
    ("waits_seconds", "state", "deaths"),
    [(59, "failed", 5), (61, "waiting_for_answers", 0)],
)
async def test_a_machine_that_sleeps_does_not_end_what_waits_in_peace(
    waits_seconds: int, state: str, deaths: int, holdfast_url: str
) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin()
        for _ in range(5):
            await stage.do("save_supervisor", state="waiting_for_answers")
            for seconds in (20, 20, waits_seconds - 40):
                await stage.later(seconds)
                await stage.beat()
            await stage.die()
            await stage.take_up()
        row = await stage.row()
        assert (row["state"], row["deaths_in_a_row"]) == (state, deaths)


async def test_a_supervisor_that_keeps_dying_is_stopped_with_all_that_waits_for_it(
    holdfast_url: str,
) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin()
        spawned, asked = await stage.spawn("review"), await stage.ask("depth?")
        for _ in range(5):
            await stage.later(LEASE_SECONDS + 1)
            await call(stage.connection, "reap")
            await stage.take_up()
        row = await stage.row()
        assert (row["state"], row["deaths_in_a_row"]) == ("failed", 5)
        assert (await stage.execution(spawned))["status"] == "cancelled"
        assert (await stage.question(asked))["status"] == "withdrawn"


@pytest.mark.parametrize(("answer", "state"), [("go on", "working"), ("stop", "failed")])
async def test_what_a_restoration_asked_is_settled_by_the_answer(
    holdfast_url: str, answer: str, state: str
) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin(directive_id=await stage.directive())
        await call(stage.connection, "move_directive", sd_key="SD-1", status="blocked", reason="r")
        await stage.come_back()
        [asked] = await stage.connection.fetch("select id from holdfast.questions")
        await call(stage.connection, "answer_question", question_id=asked["id"], answer=answer)
        assert (await stage.row())["state"] == state
        question = await stage.question(asked["id"])
        assert question["status"] == "acknowledged"
        gaps = "select 1 from holdfast.events group by stream_id having max(seq) <> count(*)"
        assert await stage.connection.fetch(gaps) == []


async def test_of_many_findings_that_are_alike_twenty_are_told_and_all_are_acted_upon(
    holdfast_url: str,
) -> None:
    async with staged(holdfast_url) as stage:
        await stage.begin()
        first = await stage.say("one")
        for number in range(30):
            await stage.spawn(f"review {number}")
        await call(stage.connection, "restore_supervisor", supervisor_id=stage.id, **{"from": first})  # fmt: skip
        await stage.take_up()
        undone = [row for row in await stage.found() if row["finding"] == "execution_undone"]
        assert len(undone) == 21
        assert undone[-1]["subject"] == "and 10 more"
        open_ones = "select count(*) from holdfast.agent_executions where ended_at is null"
        assert await stage.connection.fetchval(open_ones) == 0
