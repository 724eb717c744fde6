"""Giving way: who hands out much, and must wait for a processor, hands out less often and more at once.

What is written to a thousand clients takes as much of a machine as the writers that they watch. Where processors are
idle that costs nobody anything. Where they are not, a step of the feed for each of the writers' commits would take from
the writers what the clients cannot use: they read as fast as they are given a processor too.
"""

from __future__ import annotations

import time

UNHEEDED_SECONDS = 0.004
REST_FOR_WORK = 10.0
LONGEST_REST_SECONDS = 0.25


class HandingOut:
    """One step of the feed, from reading it to having handed it out."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._worked = time.thread_time()

    def rest_seconds(self) -> float:
        """How long to leave the processors to others before the next one."""
        took = time.perf_counter() - self._began
        worked = time.thread_time() - self._worked
        return rest_after(worked_seconds=worked, waited_seconds=took - worked)


def rest_after(*, worked_seconds: float, waited_seconds: float) -> float:
    """How long to rest after so much work, for which the processor had to be waited for so long.

    >>> rest_after(worked_seconds=0.020, waited_seconds=0.001)  # idle processors: no reason to rest
    0.0
    >>> rest_after(worked_seconds=0.002, waited_seconds=0.050)  # little to hand out: no use in resting
    0.0
    >>> round(rest_after(worked_seconds=0.014, waited_seconds=0.016), 3)
    0.1
    """
    contended = min(worked_seconds, waited_seconds) - UNHEEDED_SECONDS
    return min(LONGEST_REST_SECONDS, max(0.0, contended * REST_FOR_WORK))
