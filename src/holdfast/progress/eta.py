"""Time remaining, as a range: from how long like work took before and from this run's own pace."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """Seconds remaining: optimistic, median, pessimistic."""

    low_seconds: float
    median_seconds: float
    high_seconds: float

    def plus(self, other: Estimate) -> Estimate:
        """One after the other."""
        return Estimate(
            low_seconds=self.low_seconds + other.low_seconds,
            median_seconds=self.median_seconds + other.median_seconds,
            high_seconds=self.high_seconds + other.high_seconds,
        )

    def after(self, elapsed_seconds: float) -> Estimate:
        """What is left of it when some of it has passed."""
        return Estimate(
            low_seconds=max(0.0, self.low_seconds - elapsed_seconds),
            median_seconds=max(0.0, self.median_seconds - elapsed_seconds),
            high_seconds=max(0.0, self.high_seconds - elapsed_seconds),
        )


def from_durations(durations_seconds: Sequence[float], count: int = 1) -> Estimate | None:
    """How long `count` more pieces of work will take, judged by how long such pieces took; None if none is known.

    >>> from_durations([2.0, 4.0, 3.0], 2).median_seconds
    6.0
    """
    if not durations_seconds:
        return None
    if len(durations_seconds) == 1:
        low = median = high = durations_seconds[0]
    else:
        low, median, high = statistics.quantiles(durations_seconds, n=4, method="inclusive")
    return Estimate(
        low_seconds=count * low, median_seconds=count * median, high_seconds=count * high
    )


def describe(estimate: Estimate | None) -> str:
    """The estimate in a person's words.

    >>> describe(Estimate(low_seconds=240, median_seconds=300, high_seconds=420))
    'about 4–7 min'
    >>> describe(None)
    'unknown'
    """
    if estimate is None:
        return "unknown"
    low, high = estimate.low_seconds, estimate.high_seconds
    for size, unit in ((3600, "h"), (60, "min"), (1, "s")):
        if high >= 2 * size or size == 1:
            first, last = max(1, round(low / size)), max(1, round(high / size))
            return f"about {first}–{last} {unit}" if first < last else f"about {last} {unit}"
    raise AssertionError
