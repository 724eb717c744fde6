"""Ends leases that ran out and questions that expired. Part of every worker; one of them works at a time."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.client import Holdfast
from holdfast.engine.listener import Listener
from holdfast.runtime.duty import Duty
from holdfast.runtime.ventures import Ventures

SWEEP = 100


class Reaper(Duty):
    """Sweeps, a bounded number of rows each time."""

    name = "reaper"

    def __init__(
        self, hf: Holdfast, *, ventures: Ventures, listener: Listener, on_swept: Callable[[], None]
    ) -> None:
        super().__init__(listener)
        self._hf = hf
        self._ventures = ventures
        self._on_swept = on_swept

    async def turn(self) -> bool:
        """Sweep once through every venture with work."""
        most = 0
        for venture_id in await self._ventures.with_work():
            swept = await self._hf.engine.call(
                "reap", limit=SWEEP, max_deaths=self._hf.settings.max_deaths, venture_id=venture_id
            )
            most = max(most, len(swept))
            if swept:
                self._on_swept()  # what was freed can be taken at once
        return most >= SWEEP
