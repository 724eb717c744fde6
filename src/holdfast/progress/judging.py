"""How long the pieces of a run take: what like pieces took, shifted by how this run has gone so far."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence

from holdfast.progress.lognormal import LogNormal, fitted, log_of
from holdfast.progress.pieces import Piece, Work

# How much faster or slower than usual a whole run is, before anything is known of this one.
_RUN_SPREAD = 0.35
# A piece counts half as much as one that was done so many pieces later: what came last says most about what comes next.
_HALF_LIFE = 10.0
# No single piece says more than this many spreads about the run.
_MOST_SPREADS = 2.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judge:
    """What is known about the durations of a run's pieces."""

    shift: float
    """How much slower this run is than like runs, as a logarithm."""
    doubt: float
    nameless: LogNormal | None
    """How long a piece takes of which nobody has seen the like."""

    def of(self, piece: Piece) -> LogNormal | None:
        """How long a piece takes; None if nothing is known."""
        known = fitted(piece.history)
        if known is None:
            return self.nameless
        return LogNormal(
            mean=known.mean + self.shift,
            spread=math.sqrt(known.spread**2 + known.doubt),
            doubt=self.doubt,
        )


def judge(work: Work) -> Judge:
    """Weigh the pieces that are done against like ones, and what like runs took."""
    done = work.measured
    shift, doubt = _shift(done)
    return Judge(shift=shift, doubt=doubt, nameless=_nameless(work, done))


def _shift(done: Sequence[Piece]) -> tuple[float, float]:
    """The run's own pace against the history's, and the variance of that."""
    precision, weighted = 1 / _RUN_SPREAD**2, 0.0
    for weight, piece in zip(_recency(len(done)), done, strict=True):
        if (known := fitted(piece.history)) is None:
            continue
        most = _MOST_SPREADS * known.spread
        apart = min(max(log_of(piece.seconds) - known.mean, -most), most)
        variance = known.spread**2 + known.doubt
        precision += weight / variance
        weighted += weight * apart / variance
    return weighted / precision, 1 / precision


def _nameless(work: Work, done: Sequence[Piece]) -> LogNormal | None:
    own = fitted([piece.seconds for piece in done], _recency(len(done)))
    rates = [log_of(past.seconds / past.pieces) for past in work.past if past.pieces]
    if not rates:
        return own
    usual = fitted([1.0])
    assert usual is not None
    spread = own.spread if own is not None else usual.spread
    # A rate is an average, which lies above the median of what it is the average of.
    mean = statistics.fmean(rates) - spread**2 / 2
    doubt = (statistics.variance(rates) if len(rates) > 1 else 0.0) + _RUN_SPREAD**2 / len(rates)
    if own is None:
        return LogNormal(mean=mean, spread=spread, doubt=doubt)
    trust = 1 / own.doubt / (1 / own.doubt + 1 / doubt)
    return LogNormal(
        mean=trust * own.mean + (1 - trust) * mean,
        spread=spread,
        doubt=1 / (1 / own.doubt + 1 / doubt),
    )


def _recency(count: int) -> list[float]:
    return [0.5 ** ((count - 1 - place) / _HALF_LIFE) for place in range(count)]
