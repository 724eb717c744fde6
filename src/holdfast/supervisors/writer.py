"""What the supervisors of one process save, coalesced."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine, Row
from holdfast.engine.coalesce import Coalescer, Written
from holdfast.engine.connections import encode_json
from holdfast.model.leases import Lease
from holdfast.model.states import SupervisorState

MOST_SHARED_CHARACTERS = 16_000
"""A result that is longer travels alone: a thousand of them may be in one call."""


class SupervisorWriter:
    """Saves and steps of a venture's supervisors, each in calls shared by all of them."""

    def __init__(self, engine: Engine, venture_id: UUID) -> None:
        def shared(function: str, *columns: str) -> Coalescer:
            fence = "supervisor_ids", "epochs", "tokens"
            return Coalescer(
                engine, function, (*fence, *columns), venture_id=venture_id, one_per_key=True
            )

        self._engine = engine
        self._saves = shared("save_supervisors", "states", "activities", "progress")
        self._begun = shared("begin_steps", "names")
        self._finished = shared("finish_steps", "names", "results", "errors")

    def save(
        self,
        lease: Lease,
        *,
        state: SupervisorState | None,
        activity: str | None,
        progress: float | None,
    ) -> Written:
        """Queue where the work is."""
        return self._saves.put(lease.id, lease.epoch, lease.token, state, activity, progress)

    async def begin_step(self, lease: Lease, name: str) -> Row:
        """Begin a step, or have the result that it had."""
        row = await self._begun.put(lease.id, lease.epoch, lease.token, name)
        assert row is not None
        return row

    async def finish_step(
        self, lease: Lease, name: str, *, result: Any = None, error: str | None = None
    ) -> None:
        """Keep how a step ended."""
        if len(encode_json([result, error])) <= MOST_SHARED_CHARACTERS:
            await self._finished.put(lease.id, lease.epoch, lease.token, name, result, error)
        else:
            await self._engine.call(
                "finish_step",
                supervisor_id=lease.id,
                **lease.fence,
                name=name,
                result=result,
                error=error,
            )
