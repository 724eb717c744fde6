"""Why a plan does not go on: who waits for what, since when, and what somebody could do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import NotFound

Row: TypeAlias = Any
RUNNER = "the runner"
PLAN = "the plan"
START_A_WORKER = "Start one with: holdfast worker"
LONG_SECONDS = 5.0
"""Longer than a poll, a sweep and a beat take together: what has not happened by then needs a reason."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wait:
    """One who waits."""

    who: str
    waits_for: str
    since: datetime | None = None
    holder: str | None = None
    """Who holds the lease under which it would go on."""
    lease_until: datetime | None = None
    heard_of: datetime | None = None
    """The last heartbeat, or the last line that it logged."""
    next_step: str | None = None
    """What a person could do; unset where it goes on by itself."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Story:
    """A plan's standing and what happened to it."""

    plan: Row
    waits: list[Wait]
    events: list[Row]
    """In order; the newest ones if there are more."""


async def read_story(engine: Engine, venture_id: UUID, plan_id: UUID, *, last: int) -> Story:
    """A plan's story as the database tells it now.

    Args:
        engine: where.
        venture_id: in which venture.
        plan_id: of which plan.
        last: how many events at most.
    """
    found = await engine.read("plan_story", venture_id, plan_id)
    if not found:
        raise NotFound(f"There is no plan {plan_id}.", hint="List the plans with: holdfast status")
    steps = await engine.read("plan_story_steps", venture_id, plan_id)
    events = await engine.read("plan_story_events", venture_id, plan_id, last)
    return Story(
        plan=found[0], waits=list(waits_of(found[0], steps)), events=list(reversed(events))
    )


def waits_of(plan: Row, steps: list[Any]) -> Iterator[Wait]:
    """Who waits for what: the runner first, then each step that is not done."""
    if plan["ended_at"] is not None and plan["runner_ended_at"] is not None:
        return
    yield _runner(plan)
    if plan["ended_at"] is None:
        yield from _steering(plan)
        for step in steps:
            yield _step(step, plan["now"])


def _runner(plan: Row) -> Wait:
    told = Wait(
        who=RUNNER,
        waits_for="nothing: it runs",
        holder=plan["lease_holder"] if plan["is_held"] else None,
        lease_until=plan["lease_expires_at"],
        heard_of=plan["heartbeat_at"],
    )
    if plan["runner_ended_at"] is not None:
        return dataclasses.replace(
            told,
            waits_for=f"nothing: it has {plan['runner_state']}, and the plan has not ended"
            + (f" ({plan['runner_error']})" if plan["runner_error"] else ""),
            since=plan["runner_ended_at"],
            next_step="Run the plan again; report this, unless the runner was stopped for dying again and again.",
        )
    if plan["paused_at"] is not None:
        by = _by(plan["paused_by"], plan["pause_reason"])
        return dataclasses.replace(
            told,
            waits_for=f"somebody to resume it; paused by {by}",
            since=plan["paused_at"],
            next_step=f"holdfast supervisor resume {str(plan['supervisor_id'])[-8:]}",
        )
    return _live_runner(plan, told)


def _live_runner(plan: Row, told: Wait) -> Wait:
    now = plan["now"]
    if not plan["is_held"]:
        return dataclasses.replace(
            told,
            waits_for="a worker that takes it up",
            since=plan["heartbeat_at"] or plan["created_at"],
            next_step=START_A_WORKER,
        )
    if plan["lease_expires_at"] <= now:
        return dataclasses.replace(
            told,
            waits_for="a living worker: the lease of its own ran out",
            since=plan["lease_expires_at"],
            next_step=START_A_WORKER,
        )
    if plan["claimed_by"] is not None:
        return dataclasses.replace(
            told,
            waits_for=f"the directive {plan['sd_key']}, which the session {plan['claimed_by']} holds until {plan['claimed_until']:%H:%M:%S}",
            next_step=f"Wait for it, or take the claim away: holdfast session release {plan['claimed_by']}",
        )
    if _is_foreign_session(plan):
        return dataclasses.replace(
            told,
            waits_for=f"the session of the runner before, which {plan['session_holder']} holds until {plan['session_expires_at']:%H:%M:%S}",
        )
    return told


def _is_foreign_session(plan: Row) -> bool:
    """Whether the plan's session is still under the lease of a runner that is gone."""
    return (
        plan["session_expires_at"] is not None
        and plan["session_state"] != "ended"
        and plan["session_expires_at"] > plan["now"]
        and plan["session_holder"] != plan["lease_holder"]
    )


def _steering(plan: Row) -> Iterator[Wait]:
    """What people have said of the whole plan, and what must hold before it begins."""
    short = str(plan["id"])[-8:]
    if plan["plan_paused_at"] is not None:
        yield Wait(
            who=PLAN,
            waits_for=f"somebody to resume it; paused by {_by(plan['plan_paused_by'], plan['plan_pause_reason'])}",
            since=plan["plan_paused_at"],
            next_step=f"holdfast plan resume {short}",
        )
    if plan["stop_reason"] is not None:
        yield Wait(who=PLAN, waits_for=f"what runs to end, and ends then: {plan['stop_reason']}")
    if plan["rolling_back_to"] is not None:
        yield _rollback(plan)
    for condition in plan["missing"]:
        yield _condition(condition, short)


def _rollback(plan: Row) -> Wait:
    by = _by(plan["rollback_by"], plan["rollback_reason"])
    told = Wait(
        who=PLAN,
        waits_for=f"what was done since {plan['rolling_back_to']} to be taken back; rolled back by {by}",
    )
    if plan["rollback_question_id"] is None:
        return told
    return dataclasses.replace(
        told,
        waits_for=f"a person's answer: an undo has failed; rolled back by {by}",
        next_step=f"holdfast question show {str(plan['rollback_question_id'])[-8:]}",
    )


def _condition(condition: Row, plan: str) -> Wait:
    is_tick = condition["kind"] == "tick"
    told = condition["told"] or ("a person says so" if is_tick else "it is not checked yet")
    return Wait(
        who=condition["id"],
        waits_for=f"{condition['title']} ({told})",
        next_step=f"holdfast plan tick {plan} {condition['id']}" if is_tick else None,
    )


def _by(who: str | None, why: str | None) -> str:
    return (who or "an operator") + (f": {why}" if why else "")


def _step(step: Row, now: datetime) -> Wait:
    tell: Callable[[Row, datetime], Wait] = {
        "waiting": _at_gate,
        "running": _at_work,
        "verifying": _at_work,
        "failed": _failed,
        "ready": _ready,
    }.get(step["status"], _pending)
    return tell(step, now)


def _pending(step: Row, now: datetime) -> Wait:
    return Wait(
        who=step["step_key"], waits_for=", ".join(step["unmet"]) or "the runner's next look"
    )


def _ready(step: Row, now: datetime) -> Wait:
    return Wait(
        who=step["step_key"],
        waits_for="the runner, which starts it once the plan's limits allow it and no step has failed",
    )


def _failed(step: Row, now: datetime) -> Wait:
    return Wait(
        who=step["step_key"],
        waits_for=f"what is under way to end; it failed: {step['error_message']}",
    )


def _at_gate(step: Row, now: datetime) -> Wait:
    if step["question_status"] != "open":
        return Wait(
            who=step["step_key"],
            waits_for=f"the runner to take note: its question was {step['question_status']}",
            since=step["answered_at"],
        )
    options = "|".join(str(one) for one in step["options"] or ["JSON"])
    return Wait(
        who=step["step_key"],
        waits_for=f"a person's answer: {step['message']}",
        since=step["asked_at"],
        next_step=f"holdfast answer {str(step['question_id'])[-8:]} {options}",
    )


def _at_work(step: Row, now: datetime) -> Wait:
    who = step["step_key"] + (" (its verification)" if step["status"] == "verifying" else "")
    told = Wait(
        who=who,
        waits_for=f"{step['kind']}: {step['current_activity'] or 'it works'}",
        since=step["started_at"],
        holder=step["lease_holder"] if step["is_held"] else None,
        lease_until=step["lease_expires_at"],
        heard_of=_latest(step["heard_at"], step["heartbeat_at"]),
    )
    if step["execution_id"] is None:
        return dataclasses.replace(told, waits_for="the runner to take note")
    if step["execution_ended_at"] is not None:
        return dataclasses.replace(
            told,
            waits_for=f"the runner to take note: its execution has {step['execution_status']}",
            since=step["execution_ended_at"],
        )
    return _under_way(step, told, now)


def _under_way(step: Row, told: Wait, now: datetime) -> Wait:
    attempt = f"attempt {step['execution_attempt'] + 1} of {step['max_attempts']}"
    if not step["is_held"] and step["run_at"] > now:
        return dataclasses.replace(told, waits_for=f"{step['run_at']:%H:%M:%S}, for {attempt}")
    if not step["is_held"]:
        return dataclasses.replace(
            told,
            waits_for=f"a worker that runs {step['kind']}, for {attempt}",
            since=_latest(step["spawned_at"], step["run_at"], step["heartbeat_at"]),
            next_step=START_A_WORKER + _with_app(step["kind"]),
        )
    if step["lease_expires_at"] <= now:
        return dataclasses.replace(
            told,
            waits_for="a living worker: the lease of its own ran out",
            since=step["lease_expires_at"],
            next_step=START_A_WORKER + _with_app(step["kind"]),
        )
    return told


def _with_app(kind: str) -> str:
    """Only a program that has the function can run it."""
    return " --app MODULE:NAME" if kind.startswith("callable:") else ""


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
