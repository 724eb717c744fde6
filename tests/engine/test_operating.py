"""What operators do to the work of others: over the fence, told to whoever had it, and never half."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import (
    AlreadyClaimed,
    Blocked,
    Conflict,
    IllegalMove,
    InvalidValue,
    LeaseLost,
    NotFound,
    Refused,
)
from tests.support.sql import call, call_row, call_value, connected, one
from tests.support.world import DIRECTIVE, FREE_DIRECTIVE, IDLER, SESSION, make_world

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def _event(connection: Connection, type_: str) -> Any:
    return await one(
        connection, "select * from holdfast.events where type = $1 order by seq desc limit 1", type_
    )


async def _supervisor(connection: Connection, id_: Any) -> Any:
    return await one(connection, "select * from holdfast.v_supervisors where id = $1", id_)


async def test_a_retry_is_a_new_execution_that_names_the_old_one(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        retry = {"execution_id": world.failed_execution, "venture_id": world.venture_id}
        new = await call_value(connection, "retry_execution", **retry, reason="the disk was full")
        row = await one(connection, "select * from holdfast.v_executions where id = $1", new)
        assert (row["status"], row["retry_of"], row["name"], row["kind"]) == (
            "pending",
            world.failed_execution,
            "failed",
            "callable:y",
        )
        told = await _event(connection, "execution.retried")
        assert told["data"] == {"execution_id": str(new), "reason": "the disk was full"}
        with pytest.raises(Conflict, match=f"being done again by {new}"):
            await call(connection, "retry_execution", **retry)
        await call(connection, "cancel_execution", execution_id=new, venture_id=world.venture_id)
        assert await call_value(connection, "retry_execution", **retry) != new


async def test_what_runs_or_belongs_to_a_plan_or_to_its_creator_is_not_retried(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        in_venture = {"venture_id": world.venture_id}
        with pytest.raises(IllegalMove, match="is running; from there it cannot become retried"):
            await call(connection, "retry_execution", execution_id=world.execution.id, **in_venture)
        own = await call_value(connection, "create_execution", name="mine", **in_venture)
        await call(connection, "cancel_execution", execution_id=own, **in_venture)
        with pytest.raises(Blocked, match="run by its creator"):
            await call(connection, "retry_execution", execution_id=own, **in_venture)
        row = await one(
            connection, "select execution_id from holdfast.plan_steps where step_key = 'verifying'"
        )
        assert row["execution_id"] is None
        step = await call_value(
            connection, "create_execution", name="s", kind="command",
            metadata={"plan_id": str(world.plan_id), "step_key": "running"}, **in_venture,
        )  # fmt: skip
        await call(connection, "cancel_execution", execution_id=step, **in_venture)
        with pytest.raises(Blocked, match="belongs to the step running of a plan"):
            await call(connection, "retry_execution", execution_id=step, **in_venture)


async def test_who_held_what_an_operator_blocks_has_lost_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        directive = {"sd_key": DIRECTIVE, "venture_id": world.venture_id}
        with pytest.raises(InvalidValue, match="reason is empty"):
            await call(connection, "override_directive", **directive, status="blocked")
        await call(
            connection, "override_directive", **directive, status="blocked", reason="no budget"
        )
        with pytest.raises(LeaseLost):
            await call(
                connection, "move_directive_phase", **directive, phase="EXEC", **world.claim.token._asdict()
            )  # fmt: skip
        await call(connection, "override_directive", **directive, status="active")
        row = await one(connection, "select * from holdfast.v_directives where sd_key = $1", DIRECTIVE)  # fmt: skip
        assert (row["status"], row["claimed_by"], row["blocked_reason"]) == ("active", None, None)


async def test_nobody_completes_over_the_fence(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        with pytest.raises(Refused, match="with its evidence"):
            await call(
                connection, "override_directive",
                sd_key=DIRECTIVE, status="completed", venture_id=world.venture_id,
            )  # fmt: skip


async def test_a_holder_keeps_its_claim_when_an_operator_moves_the_phase(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        directive = {"sd_key": DIRECTIVE, "venture_id": world.venture_id}
        await call(connection, "override_directive_phase", **directive, phase="EXEC")
        with pytest.raises(InvalidValue, match="going back from EXEC to PLAN"):
            await call(connection, "override_directive_phase", **directive, phase="PLAN")
        await call(
            connection, "move_directive_phase", **directive, phase="PLAN", reason="too early",
            **world.claim.token._asdict(),
        )  # fmt: skip


async def test_a_claim_that_was_taken_away_is_nobodys_and_its_holder_is_told(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        release = {"session_id": SESSION, "venture_id": world.venture_id}
        with pytest.raises(InvalidValue, match="reason is empty"):
            await call(connection, "release_claim", **release, reason=" ")
        assert await call_value(connection, "release_claim", **release, reason="it sleeps") == DIRECTIVE  # fmt: skip
        told = await _event(connection, "directive.released")
        assert (told["actor"], told["data"]["session_id"], told["data"]["reason"]) == (
            "an operator",
            SESSION,
            "it sleeps",
        )
        session = await one(connection, "select metadata from holdfast.claude_sessions where session_id = $1", SESSION)  # fmt: skip
        assert session["metadata"]["execution_state"]["isActive"] is False
        with pytest.raises(NotFound, match="holds nothing"):
            await call(connection, "release_claim", **release, reason="again")


async def test_a_directive_that_was_taken_over_lives_as_long_as_its_new_session(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        take = {"sd_key": DIRECTIVE, "venture_id": world.venture_id, "reason": "it is stuck"}
        with pytest.raises(AlreadyClaimed, match="held by session-1 already"):
            await call(connection, "assign_directive", **take, session_id=SESSION)
        await call(connection, "assign_directive", **take, session_id=IDLER)
        row = await one(
            connection,
            "select c.lease_expires_at = s.lease_expires_at as same, s.session_id, s.metadata from holdfast.directive_claims c"
            " join holdfast.claude_sessions s on s.id = c.session_id where s.session_id = $1",
            IDLER,
        )
        assert row["same"]
        assert row["metadata"]["execution_state"]["currentSd"] == DIRECTIVE
        told = await _event(connection, "directive.claimed")
        assert told["data"]["mechanism"] == "assigned"
        assert told["data"]["from"] == SESSION
        with pytest.raises(LeaseLost):
            await call(
                connection, "release_directive",
                sd_key=DIRECTIVE, venture_id=world.venture_id, **world.claim.token._asdict(),
            )  # fmt: skip
        with pytest.raises(AlreadyClaimed, match="one directive at a time"):
            await call(
                connection, "assign_directive",
                sd_key=FREE_DIRECTIVE, session_id=IDLER, venture_id=world.venture_id, reason="x",
            )  # fmt: skip


async def test_a_session_that_is_not_alive_is_given_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        await call(connection, "close_session", session_id=IDLER, venture_id=world.venture_id)
        with pytest.raises(Blocked, match="session-3 is ended"):
            await call(
                connection, "assign_directive",
                sd_key=DIRECTIVE, session_id=IDLER, venture_id=world.venture_id, reason="x",
            )  # fmt: skip


async def test_a_closed_session_gives_back_what_it_holds_and_its_calls_are_refused(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        session = {"session_id": SESSION, "venture_id": world.venture_id}
        await call(connection, "close_session", **session, reason="forgotten")
        row = await one(connection, "select * from holdfast.v_directives where sd_key = $1", DIRECTIVE)  # fmt: skip
        assert row["claimed_by"] is None
        with pytest.raises(IllegalMove, match="ended"):
            await call(connection, "save_session", **session, **world.session.token._asdict())


async def test_a_paused_supervisor_is_lost_to_its_worker_and_taken_by_none(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        supervisor = {"supervisor_id": world.supervisor.id, "venture_id": world.venture_id}
        await call(connection, "pause_supervisor", **supervisor, reason="the model is down")
        row = await _supervisor(connection, world.supervisor.id)
        assert (row["state"], row["interrupted"], row["pause_reason"]) == (
            "paused",
            False,
            "the model is down",
        )
        with pytest.raises(LeaseLost):
            await call(
                connection, "save_supervisor", **supervisor, **world.supervisor.token._asdict()
            )
        taking = {"holder": "w", "handlers": ["test"], "venture_id": world.venture_id}
        assert await call(connection, "claim_supervisors", **taking) == []
        named = {"holder": "w", "ids": [world.supervisor.id], "venture_id": world.venture_id}
        with pytest.raises(Blocked, match="was paused by"):
            await call(connection, "claim_supervisors", **named)
        with pytest.raises(IllegalMove, match="is paused; from there it cannot become paused"):
            await call(connection, "pause_supervisor", **supervisor)

        await call(connection, "resume_supervisor", **supervisor)
        taken = await call_row(connection, "claim_supervisors", **taking)
        assert taken["restoration_count"] == 2
        restored = await _event(connection, "supervisor.restored")
        assert restored["data"]["source"] == "manual"
        with pytest.raises(IllegalMove, match="cannot become resumed"):
            await call(connection, "resume_supervisor", **supervisor)


async def test_a_supervisor_that_its_creator_runs_is_not_paused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        own = await call_row(
            connection, "create_supervisor", name="mine", venture_id=world.venture_id
        )
        with pytest.raises(Blocked, match="run by its creator"):
            await call(connection, "pause_supervisor", supervisor_id=own["id"], venture_id=world.venture_id)  # fmt: skip


async def test_a_stopped_supervisor_leaves_nothing_that_waits_for_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        in_venture = {"venture_id": world.venture_id}
        await call(
            connection, "stop_supervisor", supervisor_id=world.runner.id, reason="wrong plan", **in_venture
        )  # fmt: skip
        plan = await one(connection, "select * from holdfast.plans where id = $1", world.plan_id)
        assert (plan["status"], plan["error_message"]) == ("failed", "Stopped by an operator: wrong plan.")  # fmt: skip
        steps = await connection.fetch(
            "select step_key, status::text from holdfast.plan_steps where plan_id = $1",
            world.plan_id,
        )
        assert {row["step_key"]: row["status"] for row in steps} == {
            "ready": "ready",  # not begun, so nothing failed
            "running": "failed",
            "gated": "failed",
            "verifying": "failed",
            "failed": "failed",
            "started": "failed",
            "each": "failed",
            "each.1": "completed",
            "reported": "completed",
        }
        await call(connection, "stop_supervisor", supervisor_id=world.supervisor.id, **in_venture)
        question = await one(connection, "select status::text from holdfast.questions where id = $1", world.open_question)  # fmt: skip
        assert question["status"] == "withdrawn"
        with pytest.raises(LeaseLost):
            await call(
                connection, "save_supervisor",
                supervisor_id=world.supervisor.id, **in_venture, **world.supervisor.token._asdict(),
            )  # fmt: skip


async def test_a_paused_supervisor_can_be_stopped(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        await call(
            connection, "stop_supervisor",
            supervisor_id=world.paused_supervisor, venture_id=world.venture_id,
        )  # fmt: skip
        row = await _supervisor(connection, world.paused_supervisor)
        assert (row["state"], row["paused_at"]) == ("failed", None)


async def test_a_dismissed_question_cannot_be_answered(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        question = {"question_id": world.open_question, "venture_id": world.venture_id}
        await call(connection, "dismiss_question", **question, reason="settled by phone")
        with pytest.raises(IllegalMove, match="was withdrawn by an operator"):
            await call(connection, "answer_question", **question, answer="yes")
