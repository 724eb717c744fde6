"""The doorbell: tells listening processes after a commit that there is something to read.

It is rung after the writer's commit, never inside its transaction, where NOTIFY takes one lock for the whole
database; and at most every two milliseconds, however much is written. A ring that is lost costs the listeners
one poll, not an event.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from holdfast.errors import HoldfastError

CHANNEL = "holdfast"
COALESCE_SECONDS = 0.002
# A notification is a transaction of its own; it need not wait for the disk, since it may be lost anyway.
_RING = "select set_config('synchronous_commit', 'off', true), pg_notify($1, '')"


class Doorbell:
    """Coalesces what one process would ring into one NOTIFY every few milliseconds."""

    def __init__(self, execute: Callable[..., Awaitable[None]]) -> None:
        self._execute = execute
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Let listeners know; returns at once."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ring(), name="holdfast doorbell")

    async def stop(self) -> None:
        """Wait until what was wanted has been rung."""
        if self._task is not None:
            await self._task
            self._task = None

    async def _ring(self) -> None:
        while self._wanted:
            self._wanted = False
            with contextlib.suppress(HoldfastError):
                await self._execute(_RING, CHANNEL)
            await asyncio.sleep(COALESCE_SECONDS)
