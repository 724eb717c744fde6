"""Trying again while the database is away, and how long to wait before it."""

from __future__ import annotations

import asyncio
import random
import time
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


async def patiently(
    action: Callable[[], Awaitable[_Result]], *, at_most_seconds: float | None = None
) -> _Result:
    """Do something on the database, again and again while it is away; for what may be done twice, since a try may have succeeded unheard.

    Raises:
        DatabaseUnavailable: it is away for longer.
    """
    backoff = Backoff()
    since = time.monotonic()
    while True:
        try:
            return await action()
        except DatabaseUnavailable:
            if at_most_seconds is not None and time.monotonic() - since > at_most_seconds:
                raise
            await backoff.wait()
