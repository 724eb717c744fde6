"""What every duty is: a loop with a name that starts, survives the database's absence, and stops."""

from __future__ import annotations

import asyncio
import logging
import random
from abc import abstractmethod

from holdfast.engine.background import Background
from holdfast.engine.listener import Listener
from holdfast.errors import HoldfastError

logger = logging.getLogger("holdfast")
LONGEST_BACKOFF_SECONDS = 5.0


class Duty(Background):
    """A loop that does its turn whenever somebody rang, or the poll is due."""

    name = "duty"

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    @abstractmethod
    async def turn(self) -> bool:
        """Do what there is to do; says whether there may be more at once."""

    async def _go_on(self) -> None:
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
