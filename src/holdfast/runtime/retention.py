"""Makes partitions ahead of time, drops those that need not be kept any longer, and forgets what ended long ago."""

from __future__ import annotations

import time

from holdfast.client import Holdfast
from holdfast.engine.listener import Listener
from holdfast.runtime.duty import Duty

EVERY_SECONDS = 6 * 3600.0
_AT_A_TIME = 200


class Retention(Duty):
    """Keeps history bounded, a few times a day."""

    name = "retention"

    def __init__(self, hf: Holdfast, *, listener: Listener) -> None:
        super().__init__(listener)
        self._hf = hf
        self._due_at = 0.0

    async def turn(self) -> bool:
        """Do it if it is due."""
        if time.monotonic() >= self._due_at:
            await self._hf.engine.call("ensure_partitions")
            days = self._hf.settings.retention_days
            await self._hf.engine.call("drop_old_partitions", retention_days=days)
            await self._hf.engine.call("forget_tool_calls", retention_days=days)
            await self._forget_all("forget_conversations", days)
            await self._forget_all("forget_checkpoints", days)
            await self._hf.engine.call("forget_requests")
            self._due_at = time.monotonic() + EVERY_SECONDS
        return False

    async def _forget_all(self, function: str, days: int) -> None:
        """A few at a time, until none is left that is old enough: each goes with all its text."""
        forgotten = _AT_A_TIME
        while forgotten == _AT_A_TIME:
            forgotten = await self._hf.engine.call_value(
                function, retention_days=days, limit=_AT_A_TIME
            )
