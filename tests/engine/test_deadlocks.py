"""Two calls that meet at a lock: neither dies of the other, and what comes of both is a drawn state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from holdfast.errors import AlreadyAnswered, IllegalMove, LeaseLost
from tests.support.meeting import Meeting, meeting
from tests.support.repertoire import refused
from tests.support.sql import Row, call, call_row, call_value, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def _running(connection: Connection) -> dict[str, Any]:
    made = await call_row(connection, "begin_execution", name="e", holder="me", lease_seconds=3600)
    return {"execution_id": made["id"], "epoch": made["epoch"], "token": made["token"]}


async def _status(meet: Meeting, table: str, id_: UUID, column: str = "status") -> str:
    row = await one(meet.watcher, f"select {column}::text from holdfast.{table} where id = $1", id_)
    found: str = row[0]
    return found


async def _asking(connection: Connection, **given: Any) -> tuple[UUID, UUID]:
    """A supervisor that nobody holds, and its open question."""
    made = await call_row(connection, "create_supervisor", name="s")
    asked = await call_row(connection, "ask_question", message="?", supervisor_id=made["id"], **given)  # fmt: skip
    return made["id"], asked["id"]


async def test_cancel_and_complete_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        run = await _running(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "cancel_execution", execution_id=run["execution_id"])
            finishing = await meet.wait_in_vain(meet.second, "finish_execution", **run, status="completed")  # fmt: skip
        assert await finishing.refusal() is LeaseLost
        assert await _status(meet, "agent_executions", run["execution_id"]) == "cancelled"


async def test_complete_and_cancel_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        run = await _running(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "finish_execution", **run, status="completed")
            cancelling = await meet.wait_in_vain(meet.second, "cancel_execution", execution_id=run["execution_id"])  # fmt: skip
        assert await cancelling.refusal() is IllegalMove
        assert await _status(meet, "agent_executions", run["execution_id"]) == "completed"


async def test_a_supervisor_does_not_wait_for_who_writes_its_session(holdfast_url: str) -> None:
    """A row that is updated twice in one transaction has its foreign keys checked, which locks what they name."""
    async with meeting(holdfast_url) as meet:
        session = await call_row(meet.watcher, "start_session", session_id="s", lease_seconds=3600)
        made = await call_row(meet.watcher, "create_supervisor", name="s", session_id=session["id"])
        token = {"epoch": session["epoch"], "token": session["token"]}
        async with meet.first.transaction():
            await call(meet.first, "save_session", session_id="s", **token, state="running")
            await call(meet.second, "update_supervisor_phase", supervisor_id=made["id"], phase="EXEC", epoch=None, token=None)  # fmt: skip
        assert await _status(meet, "supervisor_states", made["id"], "phase") == "EXEC"


async def test_answer_and_save_do_not_deadlock(holdfast_url: str) -> None:
    """The save holds the supervisor, then touches the question; the answer must not hold that one meanwhile."""
    async with meeting(holdfast_url) as meet:
        supervisor, question = await _asking(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "save_supervisor", supervisor_id=supervisor, epoch=None, token=None, state="working")  # fmt: skip
            answering = await meet.wait_in_vain(meet.second, "answer_question", question_id=question, answer="yes")  # fmt: skip
            await call(meet.first, "withdraw_question", question_id=question)
        assert await answering.refusal() is IllegalMove
        assert await _status(meet, "questions", question) == "withdrawn"
        assert await _status(meet, "supervisor_states", supervisor, "state") == "working"


async def test_save_and_answer_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        supervisor, question = await _asking(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "answer_question", question_id=question, answer="yes")
            saving = await meet.wait_in_vain(meet.second, "save_supervisor", supervisor_id=supervisor, epoch=None, token=None, state="working")  # fmt: skip
        assert await saving.rows()
        assert await _status(meet, "questions", question) == "answered"


async def test_of_two_answers_at_once_one_counts(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        _, question = await _asking(meet.watcher)
        async with meet.first.transaction():
            await call(meet.first, "answer_question", question_id=question, answer="yes")
            second = await meet.wait_in_vain(meet.second, "answer_question", question_id=question, answer="no")  # fmt: skip
        assert await second.refusal() is AlreadyAnswered
        assert (await one(meet.watcher, "select answer from holdfast.questions"))[0] == "yes"


async def test_answer_and_expire_do_not_deadlock(holdfast_url: str) -> None:
    """The sweep does not wait for the one who answers in this moment, nor does it expire what was answered."""
    async with meeting(holdfast_url) as meet:
        for connection in (meet.first, meet.watcher):
            await set_clock(connection)
        _, question = await _asking(meet.watcher, expires_in_seconds=60)
        await set_clock(meet.second, 61)
        async with meet.first.transaction():
            await call(meet.first, "answer_question", question_id=question, answer="yes")
            (kept,) = await call(meet.second, "reap")
            assert tuple(kept) == ("question", question, "kept")
        assert await call(meet.second, "reap") == []
        assert await _status(meet, "questions", question) == "answered"


async def test_expire_and_answer_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        for connection in (meet.second, meet.watcher):
            await set_clock(connection)
        _, question = await _asking(meet.watcher, expires_in_seconds=60)
        await set_clock(meet.first, 61)
        async with meet.first.transaction():
            await call(meet.first, "reap")
            answering = await meet.wait_in_vain(meet.second, "answer_question", question_id=question, answer="yes")  # fmt: skip
        assert await answering.refusal() is IllegalMove
        assert await _status(meet, "questions", question) == "expired"


async def test_a_question_that_is_answered_during_the_sweep_is_not_expired(
    holdfast_url: str,
) -> None:
    """The sweep has seen it open; under the lock it looks again."""
    async with meeting(holdfast_url) as meet:
        for connection in (meet.first, meet.watcher):
            await set_clock(connection)
        _, sooner = await _asking(meet.watcher, expires_in_seconds=50)
        _, later = await _asking(meet.watcher, expires_in_seconds=60)
        await set_clock(meet.second, 61)
        async with meet.holding("questions", sooner):
            sweeping = await meet.wait_in_vain(meet.second, "reap")
            await call(meet.first, "answer_question", question_id=later, answer="yes")
        outcomes = {row["id"]: row["outcome"] for row in await sweeping.rows()}
        assert outcomes == {sooner: "expired", later: "kept"}
        assert await _status(meet, "questions", later) == "answered"


async def test_a_beat_during_the_sweep_keeps_its_lease(holdfast_url: str) -> None:
    """More supervisors than the sweep reads ahead: it has seen the last one's lease run out, and looks again."""
    async with meeting(holdfast_url) as meet:
        await set_clock(meet.watcher)
        for number in range(20):
            await call(meet.watcher, "create_supervisor", name=str(number), handler="h")
        rows = await call(meet.watcher, "claim_supervisors", holder="w", handlers=["h"], limit=20)
        last = max(rows, key=lambda row: row["id"])
        await set_clock(meet.first, 29)
        await set_clock(meet.second, 31)
        async with meet.watcher.transaction():
            await meet.watcher.execute("lock table holdfast.events in share mode")
            sweeping = await meet.wait_in_vain(meet.second, "reap")
            lost = await call(meet.first, "renew_leases", kinds=["supervisor"], ids=[last["id"]],
                epochs=[last["epoch"]], tokens=[last["token"]])  # fmt: skip
            assert lost == []
        assert last["id"] not in {row["id"] for row in await sweeping.rows()}
        row = await one(meet.watcher, "select * from holdfast.supervisor_states where id = $1", last["id"])  # fmt: skip
        assert (row["lease_token"], row["deaths_in_a_row"]) == (last["token"], 0)


async def test_a_sweep_waits_for_nobody_and_so_cannot_deadlock_with_a_batch(
    holdfast_url: str,
) -> None:
    """A batch holds the asker and waits for a supervisor that the sweep holds: the sweep must not want the asker."""
    async with meeting(holdfast_url) as meet:
        await set_clock(meet.watcher)
        asker, question = await _asking(meet.watcher, expires_in_seconds=20)
        await set_clock(meet.watcher, 1)  # so that its id is the greater one
        dead = await call_row(meet.watcher, "create_supervisor", name="dead", handler="h")
        await call(meet.watcher, "claim_supervisors", holder="w", handlers=["h"])
        for connection in (meet.first, meet.second):
            await set_clock(connection, 32)
        async with meet.holding("supervisor_states", asker):
            saving = await meet.wait_in_vain(meet.first, "save_supervisors",
                supervisor_ids=[asker, dead["id"]], epochs=[None] * 2, tokens=[None] * 2,
                states=["working"] * 2, activities=[None] * 2, progress=[None] * 2)  # fmt: skip
            swept = await call(meet.second, "reap")
        assert {row["id"]: row["outcome"] for row in swept} == {dead["id"]: "interrupted", question: "kept"}  # fmt: skip
        assert await saving.rows() == []


# --- batches in opposite orders ---------------------------------------------------------------------------------------


# Enough that the planner looks up each row of a batch by its id, in the order in which the batch names it.
_OTHERS = {
    "execution": "select holdfast.create_execution('another') from generate_series(1, 1000)",
    "supervisor": "select holdfast.create_supervisor('another') from generate_series(1, 1000)",
}


async def _three(connection: Connection, kind: str) -> list[Row]:
    """Three rows of a kind under leases, in the order of their ids, among many others."""
    if kind in _OTHERS:
        await connection.execute(f"{_OTHERS[kind]}; analyze")
    rows = []
    for number in range(3):
        if kind == "execution":
            row = await call_row(connection, "begin_execution", name="e", holder="me")
        elif kind == "supervisor":
            await call(connection, "create_supervisor", name="s", handler="h")
            row = await call_row(connection, "claim_supervisors", holder="w", handlers=["h"])
            fence = {"epoch": row["epoch"], "token": row["token"]}
            await call(connection, "begin_step", supervisor_id=row["id"], **fence, name="begun")
        else:
            row = await call_row(connection, "start_session", session_id=f"s{number}")
            if kind == "directive":
                row = await _claimed(connection, f"s{number}", row)
        rows.append(row)
    return sorted(rows, key=lambda row: row[0])


async def _claimed(connection: Connection, session_id: str, session: Row) -> Row:
    await call(connection, "add_directive", sd_key=f"SD-{session_id}", title="t", status="active")
    return await call_row(
        connection, "claim_directive", session_id=session_id, epoch=session["epoch"],
        token=session["token"], sd_key=f"SD-{session_id}",
    )  # fmt: skip


_STEPS = {"positions": [1] * 3, "names": ["one"] * 3, "statuses": ["completed"] * 3}
_LINES = {"levels": ["info"] * 3, "messages": ["hello"] * 3}
_BEGINNINGS = {"names": ["another"] * 3}
_ENDS = {"names": ["begun"] * 3, "results": [1] * 3, "errors": [None] * 3}
_SAVES = {"states": ["working"] * 3, "activities": ["on it"] * 3, "progress": [1] * 3}

# call → the kind of its rows, how it names them, and what else it brings
BATCHES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "save_executions": ("execution", "save_executions", "execution_ids", {"totals": [5] * 3}),
    "record_steps": ("execution", "record_steps", "execution_ids", _STEPS),
    "append_logs": ("execution", "append_logs", "execution_ids", _LINES),
    "save_supervisors": ("supervisor", "save_supervisors", "supervisor_ids", _SAVES),
    "begin_steps": ("supervisor", "begin_steps", "supervisor_ids", _BEGINNINGS),
    "finish_steps": ("supervisor", "finish_steps", "supervisor_ids", _ENDS),
    **{
        f"beats of {kind}s": (kind, "renew_leases", "ids", {"kinds": [kind] * 3})
        for kind in ("execution", "supervisor", "session", "directive")
    },
}
_TABLES = {
    "execution": ("agent_executions", "id"),
    "supervisor": ("supervisor_states", "id"),
    "session": ("claude_sessions", "id"),
    "directive": ("directive_claims", "directive_id"),
}


def _batch(rows: list[Row], ids: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        ids: [row[0] for row in rows],
        "epochs": [row["epoch"] for row in rows],
        "tokens": [row["token"] for row in rows],
        **more,
    }


@pytest.mark.parametrize("name", BATCHES)
async def test_batches_in_opposite_orders_do_not_deadlock(holdfast_url: str, name: str) -> None:
    """Both wait for the row in the middle: were they to take the ends as given, each would hold the other's."""
    kind, function, ids, more = BATCHES[name]
    table, column = _TABLES[kind]
    async with meeting(holdfast_url) as meet:
        rows = await _three(meet.watcher, kind)
        async with meet.holding(table, rows[1][0], column):
            there = await meet.wait_in_vain(meet.first, function, **_batch(rows, ids, more))
            back = await meet.wait_in_vain(meet.second, function, **_batch(rows[::-1], ids, more))
        for answers in (await there.rows(), await back.rows()):
            assert refused(answers) == []


async def test_heartbeats_and_steps_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        rows = await _three(meet.watcher, "execution")
        async with meet.holding("agent_executions", rows[1][0]):
            steps = await meet.wait_in_vain(meet.first, "record_steps", **_batch(rows, "execution_ids", _STEPS))  # fmt: skip
            beats = await meet.wait_in_vain(meet.second, "renew_leases", **_batch(rows[::-1], "ids", {"kinds": ["execution"] * 3}))  # fmt: skip
        assert await steps.rows() == []
        assert await beats.rows() == []


async def test_heartbeats_and_a_spawn_do_not_deadlock(holdfast_url: str) -> None:
    """One process beats a supervisor and its execution while another notes that the one spawned the other."""
    async with meeting(holdfast_url) as meet:
        (run, *_), (supervisor, *_) = [
            await _three(meet.watcher, kind) for kind in ("execution", "supervisor")
        ]
        both = [run, supervisor]
        async with meet.holding("agent_executions", run["id"]):
            beats = await meet.wait_in_vain(meet.first, "renew_leases", **_batch(both, "ids", {"kinds": ["execution", "supervisor"]}))  # fmt: skip
            noting = await meet.wait_in_vain(meet.second, "add_supervisor_spawned_task",
                supervisor_id=supervisor["id"], epoch=supervisor["epoch"], token=supervisor["token"],
                task_id=run["id"])  # fmt: skip
        assert await beats.rows() == []
        assert await noting.rows()


async def test_moving_and_claiming_a_directive_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        session = await call_row(meet.watcher, "start_session", session_id="s")
        fence = {"epoch": session["epoch"], "token": session["token"]}
        await call_value(meet.watcher, "add_directive", sd_key="SD-1", title="t", status="active")
        async with meet.first.transaction():
            await call(meet.first, "move_directive", sd_key="SD-1", status="completed")
            claiming = await meet.wait_in_vain(meet.second, "claim_directive", session_id="s", **fence, sd_key="SD-1")  # fmt: skip
        assert await claiming.refusal() is IllegalMove
        assert await meet.watcher.fetchval("select count(*) from holdfast.directive_claims where session_id is not null") == 0  # fmt: skip


async def test_ending_a_session_and_releasing_its_claim_do_not_deadlock(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        session = await call_row(meet.watcher, "start_session", session_id="s")
        claim = await _claimed(meet.watcher, "s", session)
        async with meet.first.transaction():
            await call(meet.first, "end_session", session_id="s", epoch=session["epoch"], token=session["token"])  # fmt: skip
            releasing = await meet.wait_in_vain(meet.second, "release_directive", sd_key="SD-s", epoch=claim["epoch"], token=claim["token"])  # fmt: skip
        assert await releasing.refusal() is LeaseLost
