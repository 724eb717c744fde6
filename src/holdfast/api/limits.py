"""How often each caller may change something: a bucket that fills by itself."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from holdfast.errors import TooManyRequests

_MOST_BUCKETS = 10_000
_MINUTE = 60.0


class Limits:
    """Counts updates by caller and venture, in this process."""

    def __init__(
        self, updates_per_minute: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = float(updates_per_minute)
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, caller: str, venture: str, count: int = 1) -> None:
        """Count updates of a caller.

        Raises:
            TooManyRequests: it has made more than it may; the detail says for how long to wait.

        >>> limits = Limits(60, clock=lambda: 0.0)
        >>> limits.take("ann", "acme", 60)
        >>> limits.take("ann", "acme")
        Traceback (most recent call last):
        holdfast.errors.TooManyRequests: More than 60 updates in a minute.
        """
        now = self._clock()
        left, seen = self._buckets.pop((caller, venture), (self._most, now))
        left = min(self._most, left + (now - seen) * self._most / _MINUTE)
        allowed = left >= count
        self._buckets[caller, venture] = (left - count if allowed else left, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            seconds = math.ceil((count - left) * _MINUTE / self._most)
            raise TooManyRequests(
                f"More than {self._most:.0f} updates in a minute.",
                hint=f"Wait {seconds} s, or send several in one call.",
                detail={"retry_after_seconds": seconds},
            )
