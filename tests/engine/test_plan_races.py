"""What runs a plan against what ends it or takes it back: whoever comes second to the lock sees what the first has done."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from holdfast.errors import Blocked, IllegalMove, LeaseLost, Refused
from tests.support.meeting import Meeting, meeting
from tests.support.sql import call

GATE = {"message": "Go on?", "options": ["approve", "reject"], "approve": ["approve"]}
STEPS = [{"id": "only", "gate": GATE, "command": ["true"]}]
WORK = {"kind": "command", "input": {"command": ["true"]}}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ring:
    """A plan at its gate, and two who want something of it at once."""

    meet: Meeting
    plan_id: UUID
    supervisor_id: UUID
    question_id: UUID
    fence: dict[str, Any]

    async def in_turn(
        self, first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]]
    ) -> tuple[list[Any] | type[Refused], list[Any] | type[Refused]]:
        """Let both wait for the runner's row, in this order, and then go."""
        async with self.meet.holding("supervisor_states", self.supervisor_id):
            one = await self.meet.wait_in_vain(self.meet.first, first[0], **first[1])
            other = await self.meet.wait_in_vain(self.meet.second, second[0], **second[1])
        return await one.either(), await other.either()

    async def value(self, query: str) -> Any:
        return await self.meet.watcher.fetchval(query)


@asynccontextmanager
async def at_gate(url: str, *, answered: bool) -> AsyncIterator[Ring]:
    """A plan whose only step waits at its gate."""
    async with meeting(url) as meet:
        watcher = meet.watcher
        [plan] = await call(watcher, "create_plan", name="p", steps=STEPS)
        [lease] = await call(
            watcher,
            "claim_supervisors",
            holder="runner",
            ids=[plan["supervisor_id"]],
            lease_seconds=600.0,
        )
        fence = {"epoch": lease["epoch"], "token": lease["token"]}
        await call(watcher, "advance_plan", plan_id=plan["id"], **fence)
        [step] = await call(
            watcher, "start_plan_step", plan_id=plan["id"], step_key="only", gate=GATE, **fence
        )
        if answered:
            await call(
                watcher, "answer_question", question_id=step["question_id"], answer="approve"
            )
        yield Ring(
            meet=meet,
            plan_id=plan["id"],
            supervisor_id=plan["supervisor_id"],
            question_id=step["question_id"],
            fence=fence,
        )


def opening(ring: Ring) -> tuple[str, dict[str, Any]]:
    return "open_gate", {"plan_id": ring.plan_id, "step_key": "only", **WORK, **ring.fence}


def rolling_back(ring: Ring) -> tuple[str, dict[str, Any]]:
    return "roll_plan_back", {"plan_id": ring.plan_id, "to_step": "only", "reason": "wrong"}


def stopping(ring: Ring) -> tuple[str, dict[str, Any]]:
    return "stop_plan", {"plan_id": ring.plan_id, "reason": "enough"}


EXECUTIONS = "select string_agg(status::text, ',') from holdfast.agent_executions"
STEP = "select status from holdfast.plan_steps"


@pytest.mark.parametrize("ends", [rolling_back, stopping])
async def test_work_that_a_gate_let_begin_a_moment_before_is_cancelled(
    holdfast_url: str, ends: Any
) -> None:
    async with at_gate(holdfast_url, answered=True) as ring:
        opened, ended = await ring.in_turn(opening(ring), ends(ring))

        assert isinstance(opened, list)
        assert isinstance(ended, list)
        assert await ring.value(EXECUTIONS) == "cancelled"
        assert await ring.value(STEP) == "failed"


@pytest.mark.parametrize(("ends", "refusal"), [(rolling_back, IllegalMove), (stopping, LeaseLost)])
async def test_a_gate_lets_nothing_begin_a_moment_after(
    holdfast_url: str, ends: Any, refusal: type[Refused]
) -> None:
    async with at_gate(holdfast_url, answered=True) as ring:
        ended, opened = await ring.in_turn(ends(ring), opening(ring))

        assert isinstance(ended, list)
        assert opened is refusal
        assert await ring.value(EXECUTIONS) is None
        assert await ring.value(STEP) == "failed"


async def test_an_answer_a_moment_after_a_rollback_is_refused_and_one_before_opens_no_new_round(
    holdfast_url: str,
) -> None:
    async with at_gate(holdfast_url, answered=False) as ring:
        answer = ("answer_question", {"question_id": ring.question_id, "answer": "approve"})
        rolled, answered = await ring.in_turn(rolling_back(ring), answer)
        assert isinstance(rolled, list)
        assert answered is IllegalMove

    async with at_gate(holdfast_url, answered=False) as ring:
        answer = ("answer_question", {"question_id": ring.question_id, "answer": "approve"})
        answered, rolled = await ring.in_turn(answer, rolling_back(ring))
        assert isinstance(answered, list)
        assert isinstance(rolled, list)
        await call(ring.meet.watcher, "finish_rollback", plan_id=ring.plan_id, **ring.fence)
        approved = "select is_approved from holdfast.plan_steps where is_current"
        assert await ring.value(f"{approved} and plan_id = '{ring.plan_id}'") is False


@pytest.mark.parametrize("spawns_first", [True, False])
async def test_a_supervisor_that_is_stopped_leaves_nothing_that_it_spawned(
    holdfast_url: str, spawns_first: bool
) -> None:
    async with at_gate(holdfast_url, answered=True) as ring:
        spawn = (
            "spawn_execution",
            {"supervisor_id": ring.supervisor_id, "key": "k", "name": "n", "kind": "command", **ring.fence},
        )  # fmt: skip
        stop = ("stop_supervisor", {"supervisor_id": ring.supervisor_id, "reason": "enough"})
        if spawns_first:
            spawned, _ = await ring.in_turn(spawn, stop)
            assert isinstance(spawned, list)
            assert await ring.value(EXECUTIONS) == "cancelled"
        else:
            _, spawned = await ring.in_turn(stop, spawn)
            assert spawned is LeaseLost
            assert await ring.value(EXECUTIONS) is None


async def test_a_plan_that_is_paused_a_moment_before_starts_nothing(holdfast_url: str) -> None:
    async with at_gate(holdfast_url, answered=True) as ring:
        pause = ("pause_plan", {"plan_id": ring.plan_id})
        paused, opened = await ring.in_turn(pause, opening(ring))

        assert isinstance(paused, list)
        assert opened is Blocked
        assert await ring.value(EXECUTIONS) is None
