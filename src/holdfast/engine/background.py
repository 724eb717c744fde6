"""A task beside the program's own: it is held, it has a name, and stopping it twice is safe."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod


class Background(ABC):
    """Something that goes on until it is stopped."""

    name = "background"
    """What its task is called."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; starting twice is safe."""
        if self._task is None:
            self._task = asyncio.create_task(self._go_on(), name=f"holdfast {self.name}")

    async def stop(self) -> None:
        """End; stopping twice is safe."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @abstractmethod
    async def _go_on(self) -> None:
        """Go on for ever."""
