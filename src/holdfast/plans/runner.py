"""The runner of a plan is a supervisor: it looks at the plan's rows, does what comes next, and waits.

What it knows is in the database, so after a crash it only looks again. Each move is one engine function under its
lease; a move that happened before the crash is not made twice, because the step is no longer in the state it led from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from holdfast.config import Settings
from holdfast.engine.calls import Engine
from holdfast.engine.heart import Heart
from holdfast.errors import Blocked
from holdfast.model.kinds import COMMAND
from holdfast.model.states import ExecutionStatus, PlanStatus, QuestionStatus, SupervisorState
from holdfast.plans import work
from holdfast.plans.place import Place
from holdfast.supervisors.handle import Supervisor
from holdfast.supervisors.outcomes import Outcome

HANDLER = "plan"
_FINAL = frozenset({PlanStatus.COMPLETED, PlanStatus.FAILED, PlanStatus.SKIPPED})
_UNDER_WAY = frozenset({PlanStatus.RUNNING, PlanStatus.WAITING, PlanStatus.VERIFYING})


class PlanRunner:
    """Walks one plan to its end."""

    def __init__(
        self, supervisor: Supervisor, *, engine: Engine, heart: Heart, settings: Settings
    ) -> None:
        self._supervisor = supervisor
        self._engine = engine
        self._heart = heart
        self._settings = settings
        self._plan_id = UUID(supervisor.input["plan_id"])

    async def run(self) -> dict[str, Any]:
        """Run the plan, or what is left of it."""
        [plan] = await self._read("plan")
        place = Place(
            plan, self._supervisor, engine=self._engine, heart=self._heart, settings=self._settings
        )
        async with place.taken():
            await self._walk(plan)
            [row] = await self._call("finish_plan")
            await place.close(PlanStatus(row[0]))
        return {"plan_id": str(self._plan_id), "status": row[0]}

    async def _walk(self, plan: Any) -> None:
        while plan["status"] not in _FINAL:
            await self._call("advance_plan")
            steps = await self._read("plan_steps")
            await self._say_where(steps)
            outcomes = await self._outcomes(steps)
            moved = [await self._move(plan, step, steps, outcomes) for step in steps]
            if any(moved):
                continue
            waiting = [step for step in steps if step["status"] in _UNDER_WAY]
            if not waiting:
                return
            await self._wait(waiting)

    async def _move(
        self, plan: Any, step: Any, steps: Sequence[Any], outcomes: dict[UUID, Outcome]
    ) -> bool:
        """Do what comes next for one step; says whether anything did."""
        match PlanStatus(step["status"]):
            case PlanStatus.READY:
                return await self._start(plan, step, steps)
            case PlanStatus.WAITING:
                return await self._pass_gate(plan, step, outcomes.get(step["question_id"]))
            case PlanStatus.RUNNING:
                return await self._settle_work(plan, step, outcomes.get(step["execution_id"]))
            case PlanStatus.VERIFYING:
                return await self._settle_verification(step, outcomes.get(step["verification_id"]))
            case PlanStatus.FAILED:
                return await self._send_back(step)
        return False

    async def _start(self, plan: Any, step: Any, steps: Sequence[Any]) -> bool:
        under_way = sum(other["status"] in _UNDER_WAY for other in steps)
        has_failed = any(other["status"] == PlanStatus.FAILED for other in steps)
        most = plan["spec"].get("max_parallel")
        if has_failed or (most is not None and under_way >= most):
            return False
        gate = work.gate_of(plan, step)
        kind, given = (None, {}) if gate else work.work_of(plan, step)
        await self._call(
            "start_plan_step", step_key=step["step_key"], kind=kind, input=given, gate=gate
        )
        # The others must see this one under way before they count.
        return True

    async def _pass_gate(self, plan: Any, step: Any, outcome: Outcome | None) -> bool:
        if outcome is None or not outcome.is_settled:
            return False
        if outcome.status in (QuestionStatus.ANSWERED, QuestionStatus.DELIVERED):
            await self._supervisor.consume(outcome.id)
        if outcome.value in step["spec"]["gate"]["approve"]:
            kind, given = work.work_of(plan, step)
            await self._call("open_gate", step_key=step["step_key"], kind=kind, input=given)
        else:
            told = f"answered with {outcome.value}" if outcome.value is not None else outcome.status
            await self._fail(step, f"The gate was {told}.", None)
        return True

    async def _settle_work(self, plan: Any, step: Any, outcome: Outcome | None) -> bool:
        if step["execution_id"] is not None and (outcome is None or not outcome.is_settled):
            return False
        if outcome is not None and outcome.status != ExecutionStatus.COMPLETED:
            await self._fail(
                step, outcome.error or f"Its execution was {outcome.status}.", outcome.value
            )
            return True
        result = work.result_of(outcome)
        if step["has_verification"]:
            await self._call(
                "verify_plan_step",
                step_key=step["step_key"],
                result=result,
                kind=COMMAND,
                input=work.verification_of(plan, step),
            )
        else:
            await self._call("complete_plan_step", step_key=step["step_key"], result=result)
        return True

    async def _settle_verification(self, step: Any, outcome: Outcome | None) -> bool:
        if outcome is None or not outcome.is_settled:
            return False
        if isinstance(outcome.value, dict) and outcome.value.get("exit_code") is not None:
            await self._call("record_evidence", step_key=step["step_key"])
        if outcome.status == ExecutionStatus.COMPLETED:
            await self._call(
                "complete_plan_step",
                step_key=step["step_key"],
                result=step["result"] or work.result_of(outcome),
            )
        else:
            await self._fail(step, f"The verification did not pass: {outcome.error}", outcome.value)
        return True

    async def _fail(self, step: Any, reason: str, value: Any) -> None:
        """Fail a step, or try it again; what else follows from its failure is seen at the next look."""
        retry = step["attempt"] <= step["spec"].get("retries", 0)
        await self._call(
            "fail_plan_step",
            step_key=step["step_key"],
            reason=reason,
            retry=retry,
            result=work.told_by(value),
        )

    async def _send_back(self, step: Any) -> bool:
        """Send the plan back from a failed step, if its file says so and it has not been too often."""
        back = step["spec"].get("on_failure")
        if back is None or step["round"] > back["at_most"]:
            return False
        try:
            await self._call(
                "send_plan_back",
                from_step=step["step_key"],
                to_step=back["to"],
                findings=await self._findings(step),
            )
        except Blocked:  # a step that would be done again is under way: once it has ended
            return False
        return True

    async def _findings(self, step: Any) -> Any:
        """Why a step failed, as its newest execution told it."""
        runs = [run for run in (step["execution_id"], step["verification_id"]) if run is not None]
        newest = [max(runs)] if runs else []  # ids sort by age
        outcomes = await self._supervisor.outcomes_of(executions=newest)
        told = [work.told_by(outcome.value) for outcome in outcomes.values()]
        return work.findings_of(told[0] if told else None, step["error_message"])

    async def _wait(self, steps: Sequence[Any]) -> None:
        executions, questions = _awaited(steps)

        async def look() -> bool:
            outcomes = await self._supervisor.outcomes_of(
                executions=executions, questions=questions
            )
            return any(outcome.is_settled for outcome in outcomes.values())

        state = (
            SupervisorState.WAITING_FOR_TASKS if executions else SupervisorState.WAITING_FOR_ANSWERS
        )
        async with self._supervisor.waiting(state):
            await self._supervisor.wait_for_any_change([*executions, *questions], look)

    async def _outcomes(self, steps: Sequence[Any]) -> dict[UUID, Outcome]:
        executions, questions = _awaited([step for step in steps if step["status"] in _UNDER_WAY])
        return await self._supervisor.outcomes_of(executions=executions, questions=questions)

    async def _say_where(self, steps: Sequence[Any]) -> None:
        done = sum(step["status"] in (PlanStatus.COMPLETED, PlanStatus.SKIPPED) for step in steps)
        active = [
            step["active_form"] or step["title"] for step in steps if step["status"] in _UNDER_WAY
        ]
        await self._supervisor.save(
            activity=", ".join(active)[:500] or f"{done} of {len(steps)} steps done",
            progress=round(100 * done / len(steps), 2),
        )

    async def _read(self, query: str) -> list[Any]:
        return await self._engine.read(query, self._supervisor.lease.venture_id, self._plan_id)

    async def _call(self, function: str, **arguments: Any) -> list[Any]:
        rows: list[Any] = await self._supervisor.call(function, plan_id=self._plan_id, **arguments)
        return rows


def _awaited(steps: Sequence[Any]) -> tuple[list[UUID], list[UUID]]:
    """What the steps under way wait for: executions, questions."""
    executions: list[UUID] = []
    questions: list[UUID] = []
    for step in steps:
        match PlanStatus(step["status"]):
            case PlanStatus.WAITING:
                questions.append(step["question_id"])
            case PlanStatus.VERIFYING:
                executions.append(step["verification_id"])
            case PlanStatus.RUNNING if step["execution_id"] is not None:
                executions.append(step["execution_id"])
    return executions, questions
