"""What people do to a plan that runs: pause, resume, stop, roll back, tick what it waits for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine


class SteeredPlan:
    """One plan, as somebody with the role operator steers it; no lease is needed."""

    def __init__(self, engine: Engine, venture_id: UUID, plan_id: UUID) -> None:
        self.id = plan_id
        self._engine = engine
        self._venture_id = venture_id

    async def pause(self, reason: str | None = None) -> None:
        """Let it start nothing new; what is under way comes to its end.

        Raises:
            Blocked: it is paused already.
            IllegalMove: it is over.
        """
        await self._call("pause_plan", reason=reason)

    async def resume(self, reason: str | None = None) -> None:
        """Let it go on; one that has failed or was stopped runs again from what failed.

        Raises:
            IllegalMove: it is not paused and has not failed.
        """
        await self._call("resume_plan", reason=reason)

    async def stop(self, reason: str | None = None) -> None:
        """End it as failed, with what is under way.

        Raises:
            IllegalMove: it is over.
        """
        await self._call("stop_plan", reason=reason)

    async def roll_back(self, to_step: str, reason: str) -> None:
        """Take back a step and all that stands on it by their `undo` commands, and do them again; a failed plan runs again.

        Raises:
            Blocked: it is being rolled back already, or nothing of that has begun.
            IllegalMove: it has not begun, or is completed.
        """
        await self._call("roll_plan_back", to_step=to_step, reason=reason)

    async def tick(self, condition_id: str) -> None:
        """Say that a condition of its checklist holds.

        Raises:
            NotFound: there is no such condition.
            Blocked: it was ticked before.
            InvalidValue: no person decides it.
        """
        await self._call("tick_condition", condition_id=condition_id)

    async def conditions(self) -> list[dict[str, Any]]:
        """Its checklist, with what the newest check of each condition found."""
        return [dict(row) for row in await self._call("plan_conditions")]

    async def _call(self, function: str, **arguments: Any) -> list[Any]:
        return await self._engine.call(
            function, plan_id=self.id, **arguments, venture_id=self._venture_id
        )
