"""Time remaining: how long like work took, and this run's own pace, which counts the more the further it is."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterable

from holdfast.progress.judging import Judge, judge
from holdfast.progress.lognormal import LogNormal
from holdfast.progress.pieces import Piece, PieceState, Work
from holdfast.progress.values import Pace, Remaining

# The range is meant to hold what is really left in four of five runs.
_RANGE_Z = 1.2816
# A list that like runs always made longer will be made longer again: so much may their lengths differ for that.
_MOST_DIFFERENT = 0.35
_ENOUGH_RUNS = 5
_LEAST_SPREAD = 0.05


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is left of a run."""

    remaining: Remaining
    pace: Pace
    evidence: int
    """How many durations it rests on."""


def forecast(work: Work) -> Forecast | None:
    """What is left of a run; None if it is not known of how many pieces, or how long one takes."""
    left = [*work.left, *_expected(work)]
    if not (work.is_counted or len(left) > len(work.left) or _is_one_piece(work)):
        return None
    judged = judge(work)
    total = _longest_way(left, judged)
    evidence = _evidence(work)
    if total is None or evidence == 0:
        return None
    return Forecast(remaining=total.remaining(), pace=_pace(work), evidence=evidence)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stretch:
    """Pieces one after the other: how long they take together."""

    mean: float = 0.0
    variance: float = 0.0
    common: float = 0.0
    """The standard deviation that they have in common."""

    def then(self, piece: Piece, duration: LogNormal) -> Stretch:
        """With one more piece behind it."""
        mean, variance = _left_of(piece, duration)
        return Stretch(
            mean=self.mean + mean,
            variance=self.variance + variance,
            common=self.common + mean * math.sqrt(duration.doubt),
        )

    def remaining(self) -> Remaining:
        """The range and its middle."""
        if self.mean <= 0:
            return Remaining(low_seconds=0.0, median_seconds=0.0, high_seconds=0.0)
        relative = (self.variance + self.common**2) / self.mean**2
        spread = math.sqrt(math.log1p(relative))
        whole = LogNormal(mean=math.log(self.mean) - spread**2 / 2, spread=spread)
        return Remaining(
            low_seconds=whole.quantile(-_RANGE_Z),
            median_seconds=whole.quantile(0.0),
            high_seconds=whole.quantile(_RANGE_Z),
        )


def _left_of(piece: Piece, duration: LogNormal) -> tuple[float, float]:
    """Mean and variance of what is left of one piece."""
    if piece.rest is not None and piece.rest.median_seconds > 0:
        median, high = piece.rest.median_seconds, piece.rest.high_seconds
        spread = max(math.log(high / median) / _RANGE_Z, _LEAST_SPREAD)
        return LogNormal(mean=math.log(median), spread=spread).moments()
    elapsed = piece.seconds if piece.state is PieceState.RUNNING and not piece.within else 0.0
    mean, variance = duration.moments(elapsed)
    share = (1.0 - piece.within) * piece.count
    return mean * share, variance * share


def _longest_way(left: Iterable[Piece], judged: Judge) -> Stretch | None:
    """The way through the pieces that takes longest; those without stated needs stand in a row."""
    until: dict[str, Stretch] = {}
    last = Stretch()
    for piece in left:
        duration = judged.of(piece)
        if duration is None:
            return None
        before = (
            [last]
            if piece.needs is None
            else [until[name] for name in piece.needs if name in until]
        )
        last = max(before, key=_mean, default=Stretch()).then(piece, duration)
        until[piece.name] = last
    return max((last, *until.values()), key=_mean)


def _mean(stretch: Stretch) -> float:
    return stretch.mean


def _expected(work: Work) -> list[Piece]:
    """Pieces that nobody has named yet, but that like runs always had."""
    counts = [past.pieces for past in work.past if past.pieces]
    if len(counts) < _ENOUGH_RUNS:
        return []
    if statistics.stdev(math.log(count) for count in counts) > _MOST_DIFFERENT:
        return []
    missing = round(statistics.median(counts)) - sum(piece.count for piece in work.pieces)
    if missing <= 0:
        return []
    return [Piece(name="", state=PieceState.LEFT, count=missing)]


def _is_one_piece(work: Work) -> bool:
    return len(work.pieces) == 1 and bool(work.pieces[0].history)


def _evidence(work: Work) -> int:
    own = sum(piece.count for piece in work.measured)
    return own + max((len(piece.history) for piece in work.pieces), default=0) + len(work.past)


def _pace(work: Work) -> Pace:
    has_history = bool(work.past) or any(piece.history for piece in work.pieces)
    if work.measured and has_history:
        return Pace.BOTH
    return Pace.OWN if work.measured else Pace.HISTORY
