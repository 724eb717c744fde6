"""Brings the embedded server back when it dies under the programs that use it.

Each of them has a guardian; the first to notice starts it, and the others find it running.
"""

from __future__ import annotations

import asyncio
import logging

from holdfast.engine.background import Background
from holdfast.engine.embedded import EmbeddedServer
from holdfast.errors import HoldfastError

logger = logging.getLogger("holdfast")
LOOK_SECONDS = 1.0
LONGEST_SECONDS = 30.0


class Guardian(Background):
    """Looks whether the server runs, which costs two system calls, and revives it if not."""

    name = "guardian"

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__()
        self._server = server

    async def _go_on(self) -> None:
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
