"""The doorbell as it is heard on one connection."""

from __future__ import annotations

import asyncio
import contextlib

from holdfast.engine.connections import Connection, translated
from holdfast.engine.doorbell import CHANNEL
from holdfast.errors import DatabaseError


class Bell:
    """Wakes who waits when somebody rang, and when the connection was lost."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rang = asyncio.Event()

    async def listen(self) -> None:
        """Begin to hear; where LISTEN does not work, waiting is polling."""
        self._connection.add_termination_listener(self._ring)
        with contextlib.suppress(DatabaseError):
            await translated(lambda: self._connection.add_listener(CHANNEL, self._ring))

    def forget(self) -> None:
        """What has rung so far is no reason to wake any more."""
        self._rang.clear()

    async def wait(self, timeout_seconds: float) -> None:
        """Return when it rings, or when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._rang.wait()

    def _ring(self, *_: object) -> None:
        self._rang.set()
