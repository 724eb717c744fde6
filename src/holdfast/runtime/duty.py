"""What every duty is: a loop with a name that starts, survives the database's absence, and stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random

from holdfast.engine.listener import Listener
from holdfast.errors import HoldfastError

logger = logging.getLogger("holdfast")
LONGEST_BACKOFF_SECONDS = 5.0


class Duty:
    """A loop that does its turn whenever somebody rang, or the poll is due."""

    name = "duty"

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; starting twice is safe."""
        if self._task is None:
            self._task = asyncio.create_task(self._loop(), name=f"holdfast {self.name}")

    async def stop(self) -> None:
        """End; stopping twice is safe."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def turn(self) -> bool:
        """Do what there is to do; says whether there may be more at once."""
        raise NotImplementedError

    async def _loop(self) -> None:
        failures = 0
        while True:
            rings = self._listener.rings
            try:
                more = await self.turn()
                failures = 0
            except HoldfastError as error:
                failures += 1
                more = False
                logger.warning("%s: %s", self.name, error)
                await asyncio.sleep(_backoff_seconds(failures))
            if not more:
                await self._listener.wait(rings)


def _backoff_seconds(failures: int) -> float:
    """Full jitter, so that a fleet does not come back all at once."""
    return random.uniform(0, min(LONGEST_BACKOFF_SECONDS, 0.1 * 2**failures))  # noqa: S311
