"""Brings the embedded server back when it dies under the programs that use it.

Each of them has a guardian; the first to notice starts it, and the others find it running.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from holdfast.engine.embedded import EmbeddedServer
from holdfast.errors import HoldfastError

logger = logging.getLogger("holdfast")
LOOK_SECONDS = 1.0
LONGEST_SECONDS = 30.0


class Guardian:
    """Looks whether the server runs, which costs two system calls, and revives it if not."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; starting twice is safe."""
        if self._task is None:
            self._task = asyncio.create_task(self._loop(), name="holdfast guardian")

    async def stop(self) -> None:
        """End, not in the middle of a start; stopping twice is safe."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _loop(self) -> None:
        wait_seconds = LOOK_SECONDS
        while True:
            await asyncio.sleep(wait_seconds)
            if self._server.is_up():
                wait_seconds = LOOK_SECONDS
                continue
            try:
                await asyncio.to_thread(self._server.revive)
                logger.warning("The embedded PostgreSQL was gone; it runs again.")
            except HoldfastError as error:
                wait_seconds = min(LONGEST_SECONDS, 2 * wait_seconds)
                logger.warning("The embedded PostgreSQL is gone: %s", error)
