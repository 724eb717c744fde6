"""What a plan's runner does: one move of the engine for each thing that the database says is due.

Each is safe to repeat after a crash, because the database says what is due from the plan's rows alone.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import PlanError
from holdfast.model.kinds import COMMAND
from holdfast.model.states import ExecutionStatus, QuestionStatus
from holdfast.plans import work
from holdfast.plans.expressions import holds, items, render
from holdfast.plans.rendering import context_of, rendered
from holdfast.plans.settling import Settling
from holdfast.supervisors.handle import Supervisor

_HEARD = (QuestionStatus.ANSWERED, QuestionStatus.DELIVERED)


class Deeds(Settling):
    """Does what is due in one plan."""

    def __init__(self, plan: Any, supervisor: Supervisor, engine: Engine) -> None:
        super().__init__(plan, supervisor, engine)
        self._does = {
            "check_condition": self._check_condition,
            "settle_condition": self._settle_condition,
            "start": self._start,
            "pass_gate": self._pass_gate,
            "hear_person": self._hear_person,
            "settle_work": self._settle_work,
            "settle_verification": self._settle_verification,
            "settle_items": self._settle_items,
            "release": self._release,
            "send_back": self._send_back,
            "undo": self._undo,
            "settle_undo": self._settle_undo,
            "decide_undo": self._decide_undo,
            "finish_rollback": self._finish_rollback,
        }

    async def do(self, deed: Any) -> None:
        """Do one of them.

        Raises:
            Refused: somebody has moved the plan since it was said to be due.
        """
        await self._does[deed["deed"]](deed)

    async def _start(self, deed: Any) -> None:
        try:
            await self._begin(deed)
        except PlanError as error:
            await self.fail(deed, error.message, unstarted=True)

    async def _begin(self, deed: Any) -> None:
        context = await self._context(deed)
        when = deed["spec"].get("when")
        if when is not None and "of" not in deed["spec"] and not holds(when, context):
            await self.move("skip_plan_step", deed, reason=f"This does not hold: {when}")
            return
        spec = rendered(deed["spec"], context)
        gate = work.gate_of(self.plan, deed, spec)
        if gate is None and "foreach" in spec:
            await self._expand(deed, context)
            return
        await self.move("start_plan_step", deed, **await self._given(deed, spec, gate))

    async def _given(self, deed: Any, spec: Any, gate: Any) -> dict[str, Any]:
        """What the work of a step is, what its gate asks, and what the gate's approval is for."""
        kind, given = work.work_of(self.plan, spec, deed["findings"])
        told: dict[str, Any] = {"kind": kind, "input": given}
        if gate is not None:
            before = await self.outputs(list(spec.get("needs", ())))
            results = {row["step_key"]: row["result"] for row in before}
            told |= {"gate": gate, "action": work.action_of(self.plan, spec, gate, results)}
        return told

    async def _expand(self, deed: Any, context: Any) -> None:
        listed = items(deed["spec"]["foreach"], context)
        await self.move("expand_plan_step", deed, items=listed)

    async def _pass_gate(self, deed: Any) -> None:
        await self._hear(deed)
        if deed["outcome_value"] not in deed["spec"].get("gate", {}).get("approve", ()):
            await self.fail(deed, f"The gate was {_how_answered(deed)}.")
            return
        try:
            spec = rendered(deed["spec"], await self._context(deed))
        except PlanError as error:
            await self.fail(deed, error.message)
            return
        gate = work.gate_of(self.plan, deed, spec)
        await self.move("open_gate", deed, **await self._given(deed, spec, gate))

    async def _hear_person(self, deed: Any) -> None:
        await self._hear(deed)
        if deed["outcome_value"] == "done":
            await self._verify(deed, None)
        else:
            await self.fail(deed, f"The person's work was {_how_answered(deed)}.")

    async def _settle_work(self, deed: Any) -> None:
        if "foreach" in deed["spec"]:  # its gate has been passed
            await self._expand_open(deed)
            return
        if deed["outcome_id"] is not None and deed["outcome_status"] != ExecutionStatus.COMPLETED:
            reason = deed["outcome_error"] or f"Its execution was {deed['outcome_status']}."
            await self.fail(deed, reason, result=work.told_by(deed["outcome_value"]))
            return
        result = work.result_of(deed["outcome_value"])
        missing = work.missing_outputs(deed["spec"], result)
        if missing:
            await self.fail(deed, f"It did not give {', '.join(missing)}.", result=result)
        elif deed["has_verification"]:
            await self._verify(deed, result)
        else:
            await self.move("complete_plan_step", deed, result=result)

    async def _expand_open(self, deed: Any) -> None:
        try:
            await self._expand(deed, await self._context(deed))
        except PlanError as error:
            await self.fail(deed, error.message)

    async def _verify(self, deed: Any, result: Any) -> None:
        try:
            spec = rendered(deed["spec"], await self._context(deed))
        except PlanError as error:
            await self.fail(deed, error.message, result=result)
            return
        given = work.verification_of(self.plan, spec, deed["findings"])
        await self.move("verify_plan_step", deed, result=result, kind=COMMAND, input=given)

    async def _undo(self, deed: Any) -> None:
        context = await self._context(deed)
        given = work.command_input(
            self.plan, deed["spec"], render(deed["spec"]["undo"], context), deed["findings"]
        )
        await self.move("undo_plan_step", deed, kind=COMMAND, input=given)

    async def _decide_undo(self, deed: Any) -> None:
        await self._hear(deed)
        await self.move("decide_undo", deed)

    async def _release(self, deed: Any) -> None:
        await self._hear(deed)
        await self.move("release_plan_step", deed)

    async def _check_condition(self, deed: Any) -> None:
        context = {"inputs": self.plan["spec"].get("inputs", {})}
        given = work.command_input(self.plan, {}, render(deed["spec"]["command"], context))
        await self.call("check_condition", condition_id=deed["step_key"], kind=COMMAND, input=given)

    async def _context(self, deed: Any) -> dict[str, Any]:
        return await context_of(self.plan, deed, self.outputs)

    async def _hear(self, deed: Any) -> None:
        if deed["outcome_status"] in _HEARD:
            outcome_id: UUID = deed["outcome_id"]
            await self.supervisor.consume(outcome_id)


def _how_answered(deed: Any) -> str:
    value = deed["outcome_value"]
    return f"answered with {value}" if value is not None else str(deed["outcome_status"])
