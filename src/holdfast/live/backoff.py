"""How long to wait before the next try."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from holdfast.errors import DatabaseUnavailable

FIRST_SECONDS = 0.05
LONGEST_SECONDS = 5.0

_Result = TypeVar("_Result")


class Backoff:
    """Waits longer after each failure, with full jitter: many readers must not come at once."""

    def __init__(self) -> None:
        self._failures = 0

    def succeeded(self) -> None:
        """Begin again with short waits."""
        self._failures = 0

    async def wait(self) -> None:
        """Wait before the next try."""
        longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2**self._failures)
        self._failures = min(self._failures + 1, 30)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311


async def patiently(action: Callable[[], Awaitable[_Result]]) -> _Result:
    """Do something on the database, again and again while it is away."""
    backoff = Backoff()
    while True:
        try:
            return await action()
        except DatabaseUnavailable:
            await backoff.wait()
