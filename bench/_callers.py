"""Many callers in one Python process, each waiting for its own answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

WARM_UP_SECONDS = 1.5
"""Connections are opened, and learn their statements, in this time."""


async def rate_of(
    call: Callable[[int], Awaitable[object]], *, callers: int, seconds: float
) -> float:
    """Calls answered a second, after a short warm-up that is not counted."""
    answered = 0
    stopped = False

    async def caller(number: int) -> None:
        nonlocal answered
        while not stopped:
            await call(number)
            answered += 1

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(caller(number), name=f"caller {number}")
        await asyncio.sleep(WARM_UP_SECONDS)
        before, began_at = answered, time.perf_counter()
        await asyncio.sleep(max(1.0, seconds - WARM_UP_SECONDS))
        rate = (answered - before) / (time.perf_counter() - began_at)
        stopped = True
    return rate
