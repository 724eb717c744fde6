"""Takes ready supervisors and runs their functions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.engine.holding import holder_name
from holdfast.engine.listener import Listener
from holdfast.model.leases import Lease, LeaseKind
from holdfast.runtime.crew import Crew
from holdfast.runtime.duty import Duty, logger
from holdfast.runtime.ventures import Ventures
from holdfast.supervisors.handle import Supervisor
from holdfast.supervisors.running import Completed, Failed, Lost, run_supervisor


class Conductor(Duty):
    """Runs supervisors, as many at once as it may."""

    name = "conductor"

    def __init__(self, hf: Holdfast, *, ventures: Ventures, listener: Listener, limit: int) -> None:
        super().__init__(listener)
        self._hf = hf
        self._ventures = ventures
        self._crew = Crew(limit, listener.ring)

    async def stop(self) -> None:
        """Stop taking, and give back what is running."""
        await super().stop()
        await self._crew.stop()

    async def turn(self) -> bool:
        """Take as much as there is room for."""
        taken = 0
        for venture_id in await self._ventures.with_work() if self._crew.free else ():
            if not self._crew.free:
                break
            rows = await self._hf.engine.call(
                "claim_supervisors",
                holder=holder_name(),
                handlers=list(self._hf.supervisors),
                limit=self._crew.free,
                lease_seconds=self._hf.settings.lease_seconds,
                max_deaths=self._hf.settings.max_deaths,
                venture_id=venture_id,
            )
            taken += len(rows)
            for row in rows:
                self._crew.start(f"holdfast supervisor {row['name']}", self._run(venture_id, row))
        return taken > 0 and self._crew.free > 0

    async def _run(self, venture_id: UUID, row: Any) -> None:
        supervisor = Supervisor(
            lease=Lease(
                kind=LeaseKind.SUPERVISOR,
                venture_id=venture_id,
                id=row["id"],
                epoch=row["epoch"],
                token=row["token"],
            ),
            name=row["name"],
            input=row["input"],
            memory=row["memory"],
            restoration_count=row["restoration_count"],
            engine=self._hf.engine,
            watch=self._hf.watch,
        )
        match await run_supervisor(
            supervisor, self._hf.supervisors[row["handler"]], self._hf.heart
        ):
            case Completed():
                logger.info("supervisor %s completed", row["name"])
            case Failed(error):
                logger.warning("supervisor %s failed: %s", row["name"], error)
            case Lost(reason):
                logger.warning("supervisor %s: %s", row["name"], reason)
