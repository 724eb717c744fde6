"""Durations as log-normal quantities: never negative, and sometimes much longer than usual."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

_NORMAL = NormalDist()
_SHORTEST_SECONDS = 0.001
_LONGEST_LOG = 40.0
# Beyond so many spreads the tail is too thin to divide by.
_STRANGE = 5.0
# The spread of durations of which nothing is known, and how many samples that belief is worth.
USUAL_SPREAD = 0.6
_BELIEF = 3.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogNormal:
    """A duration of which the logarithm is normal, with so much spread around its mean."""

    mean: float
    spread: float
    doubt: float = 0.0
    """The variance of `mean` itself: what is judged by the same evidence is wrong together."""

    def quantile(self, z: float) -> float:
        """The duration at so many spreads above the median."""
        return _exp(self.mean + z * self.spread)

    def moments(self, elapsed_seconds: float = 0.0) -> tuple[float, float]:
        """Mean and variance of what is left when some of it has passed and it is not over."""
        if elapsed_seconds <= _SHORTEST_SECONDS:
            return self._moment(1), max(self._moment(2) - self._moment(1) ** 2, 0.0)
        z = (math.log(elapsed_seconds) - self.mean) / self.spread
        if z > _STRANGE:  # the tail is nearly an exponential's there
            left = elapsed_seconds * self.spread / z
            return left, left * left
        tail = _NORMAL.cdf(-z)
        first = self._moment(1) * _NORMAL.cdf(self.spread - z) / tail
        second = self._moment(2) * _NORMAL.cdf(2 * self.spread - z) / tail
        return max(first - elapsed_seconds, 0.0), max(second - first * first, 0.0)

    def _moment(self, order: int) -> float:
        return _exp(order * self.mean + (order * self.spread) ** 2 / 2)


def log_of(seconds: float) -> float:
    """The logarithm of a duration, which may be zero."""
    return math.log(max(seconds, _SHORTEST_SECONDS))


def fitted(
    seconds: Sequence[float],
    weights: Sequence[float] | None = None,
    *,
    usual: float = USUAL_SPREAD,
) -> LogNormal:
    """What durations were drawn from; few of them are believed to spread as durations usually do."""
    weights = weights or [1.0] * len(seconds)
    total = math.fsum(weights)
    logs = [log_of(one) for one in seconds]
    mean = math.fsum(w * one for w, one in zip(weights, logs, strict=True)) / total
    deviation = math.fsum(w * (one - mean) ** 2 for w, one in zip(weights, logs, strict=True))
    variance = (_BELIEF * usual**2 + deviation) / (_BELIEF + total - min(1.0, total))
    effective = total**2 / math.fsum(w * w for w in weights)
    return LogNormal(mean=mean, spread=math.sqrt(variance), doubt=variance / effective)


def pooled_spread(histories: Iterable[Sequence[float]]) -> float:
    """How much like durations differ, over several kinds of them."""
    weight, total = _BELIEF, _BELIEF * USUAL_SPREAD**2
    for history in histories:
        logs = [log_of(one) for one in history]
        mean = math.fsum(logs) / len(logs)
        total += math.fsum((one - mean) ** 2 for one in logs)
        weight += len(logs) - 1
    return math.sqrt(total / weight)


def _exp(value: float) -> float:
    return math.exp(min(value, _LONGEST_LOG))
