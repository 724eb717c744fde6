"""`ProgressTracker`: progress and time remaining for users who know the older system's names."""

from __future__ import annotations

from uuid import UUID

from holdfast.engine.calls import Calls
from holdfast.errors import BY_SQLSTATE, InvalidValue, NotFound
from holdfast.progress.executions import of
from holdfast.progress.values import Progress, Remaining, Stage


class ProgressTracker:
    """How far executions of one venture are, and what a client that counts itself says of its own."""

    def __init__(self, engine: Calls, venture_id: UUID) -> None:
        self._engine = engine
        self._venture_id = venture_id

    async def track(
        self,
        execution_id: UUID,
        completed: int,
        total: int | None = None,
        activity: str | None = None,
    ) -> Progress:
        """Bring one's own numbers for an execution without a lease; gives how far it is now.

        Raises:
            InvalidValue: the numbers do not fit, or the engine derives them from steps.
        """
        refused = await self._engine.call(
            "save_executions",
            execution_ids=[execution_id],
            epochs=[None],
            tokens=[None],
            activities=[activity],
            completed=[completed],
            totals=[total],
            venture_id=self._venture_id,
        )
        for row in refused:
            raise BY_SQLSTATE.get(row["code"], InvalidValue)(row["reason"])
        return await self.progress(execution_id)

    async def progress(self, execution_id: UUID) -> Progress:
        """All that is known.

        Raises:
            NotFound: there is no such execution.
        """
        found = await of(self._engine, self._venture_id, [execution_id])
        if execution_id not in found:
            raise NotFound(
                f"There is no execution {execution_id}.", hint="Check the id and the venture."
            )
        return found[execution_id]

    async def progress_by_stage(self, execution_id: UUID) -> tuple[Stage, ...]:
        """The stages, each with how far it is."""
        return (await self.progress(execution_id)).stages

    async def overall_progress(self, execution_id: UUID) -> float | None:
        """Percent; None if nobody knows of how much."""
        return (await self.progress(execution_id)).percent

    async def estimate_time_remaining(self, execution_id: UUID) -> Remaining | None:
        """The seconds that are left, as a range; None if unknown."""
        return (await self.progress(execution_id)).remaining
