"""Trying again what another session's lock was in the way of."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from holdfast.engine.direct import LOCKED
from holdfast.errors import TargetRefused

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_AGAIN = (LOCKED, _DEADLOCK, _SERIALIZATION)
LONGEST_PAUSE_SECONDS = 5.0

_Result = TypeVar("_Result")


async def with_retries(
    action: Callable[[], Awaitable[_Result]],
    *,
    tries: int = 5,
    on_retry: Callable[[int, TargetRefused], None] = lambda _tried, _error: None,
) -> _Result:
    """Do something that waits for locks only for a short time, and do it again when it did not get them.

    Args:
        action: what; it leaves nothing behind when it fails.
        tries: how often at most.
        on_retry: is told which try failed, and why.

    Raises:
        TargetRefused: the last try failed too, or for another reason.
    """
    for tried in range(1, tries + 1):
        try:
            return await action()
        except TargetRefused as error:
            if error.detail.get("sqlstate") not in _AGAIN or tried == tries:
                raise
            on_retry(tried, error)
        most = min(LONGEST_PAUSE_SECONDS, 0.2 * 2**tried)
        await asyncio.sleep(random.uniform(0.1, most))  # noqa: S311
    raise AssertionError
