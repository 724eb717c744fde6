"""Which ventures a worker serves."""

from __future__ import annotations

from uuid import UUID

from holdfast.engine.calls import Engine


class Ventures:
    """One venture, or every one that has work."""

    def __init__(self, engine: Engine, only: UUID | None) -> None:
        self._engine = engine
        self._only = only

    async def with_work(self) -> list[UUID]:
        """Those in which a worker would find something now."""
        if self._only is not None:
            return [self._only]
        return [row[0] for row in await self._engine.call("ventures_with_work")]
