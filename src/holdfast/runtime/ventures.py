"""Which ventures a worker serves."""

from __future__ import annotations

from uuid import UUID

from holdfast.client import Holdfast


class Ventures:
    """One venture, or every one that has work; through a server always one."""

    def __init__(self, hf: Holdfast, only: UUID | None) -> None:
        self._hf = hf
        self._only = only

    async def with_work(self) -> list[UUID]:
        """Those in which a worker would find something now."""
        if self._only is not None:
            return [self._only]
        if self._hf.is_remote:
            return [await self._hf.venture_id()]
        return [row[0] for row in await self._hf.engine.call("ventures_with_work")]
