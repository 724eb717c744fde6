"""The tasks of a worker that run at once: bounded, named, and given back when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Crew:
    """A bounded set of running tasks."""

    def __init__(self, limit: int, on_done: Callable[[], None]) -> None:
        self._limit = limit
        self._on_done = on_done
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        """How many more may start."""
        return self._limit - len(self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run work beside the rest."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Cancel all and wait until each has given its work back; stopping twice is safe."""
        # A task that is cancelled before it has begun would not know that it has something to give back.
        await asyncio.sleep(0)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._on_done()
