"""What the duties that take work have in common: room for so much, venture after venture, and a lease for each row."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.engine.calls import Row
from holdfast.engine.holding import holder_name
from holdfast.engine.listener import Listener
from holdfast.model.leases import Lease, LeaseKind
from holdfast.runtime.crew import Crew
from holdfast.runtime.duty import Duty
from holdfast.runtime.ventures import Ventures


class Claiming(Duty):
    """Takes rows of one kind and runs them, as many at once as it may."""

    kind: LeaseKind
    function: str
    """The function that claims them."""

    def __init__(self, hf: Holdfast, *, ventures: Ventures, listener: Listener, limit: int) -> None:
        super().__init__(listener)
        self._hf = hf
        self._ventures = ventures
        self._crew = Crew(limit, listener.ring)
        self._taking: asyncio.Task[int] | None = None

    @abstractmethod
    def wanted(self) -> dict[str, Any]:
        """What it can run, as the claiming function wants to know it."""

    @abstractmethod
    async def run(self, lease: Lease, row: Row) -> None:
        """Run what was taken."""

    async def stop(self) -> None:
        """Stop taking, and give back what is running."""
        await super().stop()
        if self._taking is not None:
            await asyncio.gather(self._taking, return_exceptions=True)
        await self._crew.stop()

    async def turn(self) -> bool:
        """Take as much as there is room for."""
        taken = 0
        for venture_id in await self._ventures.with_work() if self._crew.free else ():
            if not self._crew.free:
                break
            # Not cut short when the worker stops: what the database gives then would be nobody's until its lease is over.
            self._taking = asyncio.create_task(self._take(venture_id))
            taken += await asyncio.shield(self._taking)
        return taken > 0 and self._crew.free > 0

    async def _take(self, venture_id: UUID) -> int:
        rows = await self._hf.engine.call(
            self.function,
            holder=holder_name(),
            limit=self._crew.free,
            lease_seconds=self._hf.settings.lease_seconds,
            venture_id=venture_id,
            **self.wanted(),
        )
        for row in rows:
            lease = self._lease(venture_id, row)
            self._crew.start(f"holdfast {self.kind} {row['name']}", self.run(lease, row))
        return len(rows)

    def _lease(self, venture_id: UUID, row: Row) -> Lease:
        return Lease(
            kind=self.kind,
            venture_id=venture_id,
            id=row["id"],
            epoch=row["epoch"],
            token=row["token"],
        )
