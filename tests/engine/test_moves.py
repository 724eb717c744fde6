"""Only drawn moves: every state machine, every pair of states."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pytest

from holdfast.errors import AlreadyAnswered, IllegalMove, InvalidValue, LeaseLost
from holdfast.model import states
from tests.support.drawn import DRAWN
from tests.support.movers import MOVERS, PlanStep, refused_by
from tests.support.sql import call, connected, one
from tests.support.world import make_world

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

_LABELS = "select enumlabel from pg_enum where enumtypid = $1::text::regtype order by enumsortorder"


async def _labels(connection: Connection, machine: str) -> list[str]:
    return [row[0] for row in await connection.fetch(_LABELS, f"holdfast.{machine}")]


async def test_every_state_machine_of_the_database_is_tested_here(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        rows = await connection.fetch(
            "select proargtypes[0]::regtype::text from pg_proc where proname = 'is_drawn'"
        )
    assert {row[0].removeprefix("holdfast.") for row in rows} == DRAWN.keys() == MOVERS.keys()


@pytest.mark.parametrize("machine", DRAWN)
async def test_the_database_draws_the_moves_that_the_design_draws(
    holdfast_url: str, machine: str
) -> None:
    async with connected(holdfast_url) as connection:
        rows = await connection.fetch(
            "select a.s::text, b.s::text, holdfast.is_drawn(a.s, b.s) as drawn"
            f" from unnest(enum_range(null::holdfast.{machine})) as a (s),"
            f" unnest(enum_range(null::holdfast.{machine})) as b (s)"
        )
    assert all(row["drawn"] is not None for row in rows)
    assert {(row[0], row[1]) for row in rows if row["drawn"]} == DRAWN[machine]


@pytest.mark.parametrize("machine", MOVERS)
async def test_a_drawn_move_is_made_and_any_other_is_refused(
    holdfast_url: str, machine: str
) -> None:
    async with connected(holdfast_url) as connection:
        labels = await _labels(connection, machine)
        for start in MOVERS[machine].ways:
            for to in labels:
                if to in MOVERS[machine].unasked:
                    continue
                transaction = connection.transaction()
                await transaction.start()
                await _require_as_drawn(connection, machine, start, to)
                await transaction.rollback()


async def _require_as_drawn(connection: Connection, machine: str, start: str, to: str) -> None:
    mover = MOVERS[machine](connection)
    await mover.reach(start)
    assert await mover.state() == start
    refusal = await refused_by(mover, to)
    moved_to, drawn = await mover.state(), (start, to) in DRAWN[machine]
    if machine == "plan_status":
        drawn = _step_is_drawn(start, to, drawn=drawn)
    if drawn:
        assert (refusal, moved_to) == (None, to), f"{start} → {to} is drawn"
        return
    assert moved_to == start, f"{start} → {to} was made"
    if refusal is None:
        assert to in MOVERS[machine].calm, f"{start} → {to} was not refused"
    elif (machine, start) == ("session_state", "lost"):
        assert refusal in (IllegalMove, LeaseLost)  # who lost a session has no token for it
    elif machine == "question_status" and to == "answered":
        assert refusal in (IllegalMove, AlreadyAnswered)
    else:
        assert refusal is IllegalMove, f"{start} → {to}"


def _step_is_drawn(start: str, to: str, *, drawn: bool) -> bool:
    """What differs by the functions: a gate opens in one call, a retry is asked for together with its failure."""
    if (start, to) == ("failed", "ready"):
        return False
    return drawn if to != "waiting" else start == "ready"


async def test_a_failed_step_is_tried_again(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mover = PlanStep(connection)
        await mover.reach("running")
        await mover.call("fail_plan_step", step_key="it", reason="flaky", retry=True)
        assert await mover.state() == "ready"
        types = await connection.fetch(
            "select type from holdfast.events where stream = 'plan' order by seq desc limit 2"
        )
        assert [row["type"] for row in types] == ["plan.step_ready", "plan.step_failed"]


async def test_a_new_step_of_an_execution_may_begin_in_any_state(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for number, status in enumerate(("running", "completed", "failed", "skipped"), start=1):
            mover = MOVERS["execution_step_status"](connection)
            async with connection.transaction():
                await mover.make()
            refused = await mover.call(
                "record_steps", positions=[1 + number], names=["new"], statuses=[status]
            )
            assert refused == []


@pytest.mark.parametrize(
    ("machine", "names"),
    {
        "execution_status": states.ExecutionStatus,
        "supervisor_state": states.SupervisorState,
        "question_status": states.QuestionStatus,
        "plan_status": states.PlanStatus,
        "log_level": states.LogLevel,
    }.items(),
)
async def test_python_knows_the_same_states(
    holdfast_url: str, machine: str, names: type[StrEnum]
) -> None:
    async with connected(holdfast_url) as connection:
        assert await _labels(connection, machine) == [str(name) for name in names]


# What may not be written even by the owner of the tables: a state without its timestamp, or the reverse.
_UNTIED = {
    "a completed directive without an end": "update {s}.directives set status = 'completed'",
    "an open directive with an end": "update {s}.directives set ended_at = {now}",
    "a blocked directive without a reason": "update {s}.directives set status = 'blocked'",
    "a directive that ended before it started": "update {s}.directives set status = 'completed', started_at = {now}, ended_at = {now} - interval '1 s'",
    "an ended session without an end": "update {s}.claude_sessions set state = 'ended'",
    "a live session with an end": "update {s}.claude_sessions set ended_at = {now}",
    "a lease without a token": "update {s}.claude_sessions set lease_token = null",
    "half a claim": "update {s}.directive_claims set session_id = null",
    "an inactive walk without an end": "update {s}.auto_proceed_sessions set is_active = false",
    "an active walk with an end": "update {s}.auto_proceed_sessions set deactivated_at = {now}",
    "a completed supervisor without an end": "update {s}.supervisor_states set state = 'completed'",
    "a live supervisor with an end": "update {s}.supervisor_states set ended_at = {now}",
    "a failed supervisor without a reason": "update {s}.supervisor_states set state = 'failed', ended_at = {now}",
    "a finished step without an end": "update {s}.supervisor_steps set status = 'completed'",
    "a pending execution that started": "update {s}.agent_executions set started_at = {now} where status = 'pending'",
    "a running execution that did not start": "update {s}.agent_executions set started_at = null where status = 'running'",
    "a completed execution without an end": "update {s}.agent_executions set status = 'completed' where status = 'running'",
    "a running execution with an end": "update {s}.agent_executions set ended_at = {now} where status = 'running'",
    "a failed execution without a reason": "update {s}.agent_executions set status = 'failed', ended_at = {now}, error_message = null where status = 'running'",
    "a finished execution step without an end": "update {s}.execution_steps set status = 'completed'",
    "an execution step that ended before it started": "update {s}.execution_steps set status = 'completed', ended_at = started_at - interval '1 s'",
    "an answered question without a time": "update {s}.questions set status = 'answered' where status = 'open'",
    "an open question with an answer's time": "update {s}.questions set answered_at = {now} where status = 'open'",
    "a delivered question without a time": "update {s}.questions set status = 'delivered' where status = 'answered'",
    "an expired question without a time": "update {s}.questions set status = 'expired' where status = 'open'",
    "a completed plan without an end": "update {s}.plans set status = 'completed'",
    "a completed plan step without an end": "update {s}.plan_steps set status = 'completed' where ended_at is null",
    "a failed plan step without a reason": "update {s}.plan_steps set error_message = null where status = 'failed'",
}  # fmt: skip
_RANGES = {
    "progress beyond 100": "update {s}.supervisor_states set progress = 101",
    "negative progress": "update {s}.agent_executions set progress = -1",
    "more steps completed than there are": "update {s}.agent_executions set completed_steps = total_steps + 1 where total_steps > 0",
    "a negative count of steps": "update {s}.agent_executions set completed_steps = -1",
    "a negative metric": "update {s}.execution_metrics set input_tokens = -1",
    "more attempts than allowed": "update {s}.agent_executions set attempt = max_attempts + 1",
    "more children than there are": "update {s}.auto_proceed_sessions set completed_children = 6",
    "negative children": "update {s}.auto_proceed_sessions set completed_children = -1",
}


async def test_a_state_is_tied_to_its_timestamps_and_values_to_their_ranges(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await make_world(connection, "tied")
        for what, statement in (_UNTIED | _RANGES).items():
            text = statement.format(s="holdfast", now="holdfast.now()")
            transaction = connection.transaction()
            await transaction.start()
            try:
                done = await connection.execute(text)
            except Exception as error:  # only its kind tells them apart
                assert getattr(error, "sqlstate", None) == "23514", f"{what}: {error}"
            else:
                raise AssertionError(f"{what} was written: {done}")
            finally:
                await transaction.rollback()


async def test_a_move_that_needs_a_reason_is_refused_without_one(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        directive = {"sd_key": "SD-1"}
        await call(
            connection, "add_directive", **directive, title="t", status="active", phase="EXEC"
        )
        for reason in (None, ""):
            with pytest.raises(InvalidValue):
                await call(
                    connection, "move_directive", **directive, status="blocked", reason=reason
                )
            with pytest.raises(InvalidValue):
                await call(
                    connection, "move_directive_phase", **directive, phase="PLAN", reason=reason
                )
        row = await one(connection, "select status, phase, seq from holdfast.directives")
        assert tuple(row) == ("active", "EXEC", 1)
