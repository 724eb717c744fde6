"""What follows once a step's work, its verification or its failure is there; and the calls that all of it goes through."""

from __future__ import annotations

from typing import Any

from holdfast.engine.calls import Engine
from holdfast.model.states import ExecutionStatus
from holdfast.plans import work
from holdfast.supervisors.handle import Supervisor


class Settling:
    """The part of a runner's moves that needs no expression."""

    def __init__(self, plan: Any, supervisor: Supervisor, engine: Engine) -> None:
        self.plan = plan
        self.supervisor = supervisor
        self._engine = engine

    async def call(self, function: str, **arguments: Any) -> Any:
        """Call an engine function for the plan, under the supervisor's lease."""
        return await self.supervisor.call(function, plan_id=self.plan["id"], **arguments)

    async def move(self, function: str, deed: Any, **arguments: Any) -> Any:
        """Call one that is about a step."""
        return await self.call(function, step_key=deed["step_key"], **arguments)

    async def outputs(self, steps: list[str]) -> list[Any]:
        """What steps gave."""
        venture_id = self.supervisor.lease.venture_id
        return await self._engine.read("plan_outputs", venture_id, self.plan["id"], steps)

    async def fail(
        self, deed: Any, reason: str, *, result: Any = None, unstarted: bool = False
    ) -> None:
        """Fail a step, or try it again; what else follows from its failure is due then."""
        retry = not unstarted and deed["attempt"] <= deed["spec"].get("retries", 0)
        await self.move(
            "fail_plan_step",
            deed,
            reason=reason,
            retry=retry,
            result=result,
            unstarted=unstarted,
        )

    async def _settle_verification(self, deed: Any) -> None:
        value = deed["outcome_value"]
        if isinstance(value, dict) and value.get("exit_code") is not None:
            await self.move("record_evidence", deed)
        if deed["outcome_status"] == ExecutionStatus.COMPLETED:
            result = deed["result"] if deed["result"] is not None else work.result_of(value)
            await self.move("complete_plan_step", deed, result=result)
        else:
            told = deed["outcome_error"] or f"its execution was {deed['outcome_status']}"
            reason = f"The verification did not pass: {told}"
            await self.fail(deed, reason, result=work.told_by(value))

    async def _settle_items(self, deed: Any) -> None:
        await self.move("settle_items", deed)

    async def _settle_undo(self, deed: Any) -> None:
        await self.move("settle_undo", deed)

    async def _finish_rollback(self, deed: Any) -> None:
        await self.call("finish_rollback")

    async def _settle_condition(self, deed: Any) -> None:
        await self.call("record_condition", condition_id=deed["step_key"])

    async def _send_back(self, deed: Any) -> None:
        """Send the plan back from a failed step."""
        await self.call(
            "send_plan_back",
            from_step=deed["step_key"],
            to_step=deed["spec"]["on_failure"]["to"],
            findings=work.findings_of(work.told_by(deed["outcome_value"]), deed["error_message"]),
        )
