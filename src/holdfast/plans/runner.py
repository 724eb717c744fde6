"""The runner of a plan is a supervisor: it asks the database what is due, does it, and waits.

What it knows is in the database, so after a crash it only asks again. Each move is one engine function under its
lease; a move that happened before the crash is not made twice, because the step is no longer in the state it led from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from holdfast.config import Settings
from holdfast.engine.calls import Engine
from holdfast.engine.heart import Heart
from holdfast.errors import Blocked, IllegalMove
from holdfast.live.watch import Watch
from holdfast.model.states import PlanStatus, SupervisorState
from holdfast.plans.deeds import Deeds
from holdfast.plans.place import Place
from holdfast.plans.rendering import with_environment
from holdfast.plans.writing import kept_document
from holdfast.supervisors.handle import Supervisor

HANDLER = "plan"
_FINAL = frozenset({PlanStatus.COMPLETED, PlanStatus.FAILED, PlanStatus.SKIPPED})
_FINISH = "finish"


class PlanRunner:
    """Walks one plan to its end."""

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        engine: Engine,
        heart: Heart,
        watch: Watch,
        settings: Settings,
    ) -> None:
        self._supervisor = supervisor
        self._watch = watch
        self._engine = engine
        self._heart = heart
        self._settings = settings
        self._plan_id = UUID(supervisor.input["plan_id"])
        self._told: tuple[str, float] | None = None

    async def run(self) -> dict[str, Any]:
        """Run the plan, or what is left of it."""
        [plan] = await self._read("plan")
        place = Place(
            plan, self._supervisor, engine=self._engine, heart=self._heart, settings=self._settings
        )
        async with (
            kept_document(plan, engine=self._engine, watch=self._watch),
            place.taken(),
        ):
            if plan["status"] not in _FINAL:
                await self.walk(plan)
            [row] = await self._call("finish_plan")
            await place.close(PlanStatus(row[0]))
        return {"plan_id": str(self._plan_id), "status": row[0]}

    async def walk(self, plan: Any) -> None:
        """Do what is due until there is nothing left to do."""
        deeds = Deeds(with_environment(dict(plan)), self._supervisor, self._engine)
        while True:
            due = await self._due()
            while not due:
                due = await self._wait()
            if due[0]["deed"] == _FINISH:
                return
            await self._do(deeds, due)

    async def _do(self, deeds: Deeds, due: Sequence[Any]) -> None:
        """Do what is due. Somebody may steer the plan meanwhile, or one deed make another one void: then it looks again."""
        for number, deed in enumerate(due):
            try:
                await deeds.do(deed)
            except (IllegalMove, Blocked):
                if number == 0 and not await self._is_steered_since(deed):
                    raise
                return

    async def _is_steered_since(self, deed: Any) -> bool:
        [standing] = await self._read("plan_under_way")
        return bool(standing["steered"] != deed["steered"])

    async def _wait(self) -> Sequence[Any]:
        """Wait until something is due; whatever happens to what it waits for, or a person to the plan, wakes it."""
        [standing] = await self._read("plan_under_way")
        await self._say_where(standing)
        others = [row["id"] for row in await self._read("plan_awaited")]
        executions, questions = standing["executions"], standing["questions"]
        due: Sequence[Any] = ()

        async def look() -> bool:
            nonlocal due
            due = await self._due()
            return bool(due)

        state = (
            SupervisorState.WAITING_FOR_TASKS if executions else SupervisorState.WAITING_FOR_ANSWERS
        )
        async with self._supervisor.waiting(state):
            await self._supervisor.wait_for_any_change(
                [*executions, *questions, *others, f"plan:{self._plan_id}"], look
            )
        return due

    async def _say_where(self, standing: Any) -> None:
        done, total = standing["done_steps"], standing["total_steps"]
        told = (
            ", ".join(standing["active"])[:500] or f"{done} of {total} steps done",
            round(100 * done / total, 2),
        )
        if told != self._told:
            self._told = told
            await self._supervisor.save(activity=told[0], progress=told[1])

    async def _due(self) -> Sequence[Any]:
        return await self._call("advance_plan")

    async def _read(self, query: str) -> list[Any]:
        return await self._engine.read(query, self._supervisor.lease.venture_id, self._plan_id)

    async def _call(self, function: str, **arguments: Any) -> list[Any]:
        rows: list[Any] = await self._supervisor.call(function, plan_id=self._plan_id, **arguments)
        return rows
