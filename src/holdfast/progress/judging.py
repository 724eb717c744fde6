"""How long the pieces of a run take: what like pieces took, shifted by how this run has gone so far."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence

from holdfast.progress.lognormal import USUAL_SPREAD, LogNormal, fitted, log_of, pooled_spread
from holdfast.progress.pieces import Piece, PieceState, Work

# How much faster or slower than usual a whole run is, before anything is known of this one.
_RUN_SPREAD = 0.35
# A piece counts half as much as one that was done so many pieces later: what came last says most about what comes next.
_HALF_LIFE = 10.0
# No single piece says more than this many spreads about the run.
_MOST_SPREADS = 2.5
# How much the names of one run usually differ in what they take; a name with few samples is drawn to the others.
_NAMES_APART = 1.0
# How unlike the pieces that are left may be to those that are done, where no history says it.
_UNLIKE_SPREAD = 0.4
# How much longer or shorter the pieces of a run usually get from one to the next, and how much of that is believed at most.
_USUAL_SLOPE = 0.04
_MOST_GROWN = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judge:
    """What is known about the durations of a run's pieces."""

    named: dict[tuple[float, ...], LogNormal]
    """By what like pieces took."""
    shift: float
    """How much slower this run is than like runs, as a logarithm."""
    doubt: float
    nameless: LogNormal | None
    """How long a piece takes of which nobody has seen the like."""

    def of(self, piece: Piece) -> LogNormal | None:
        """How long a piece takes; None if nothing is known."""
        known = self.named.get(piece.history)
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
    named = _named(work)
    shift, doubt = _shift(done, named)
    return Judge(named=named, shift=shift, doubt=doubt, nameless=_nameless(work, done))


def _named(work: Work) -> dict[tuple[float, ...], LogNormal]:
    """What like pieces took, by their histories: these lend each other spread, and the short ones their mean."""
    histories = {piece.history for piece in work.pieces if piece.history}
    if not histories:
        return {}
    usual = pooled_spread(histories)
    found = {history: fitted(history, usual=usual) for history in histories}
    middle = statistics.fmean(one.mean for one in found.values())
    return {
        history: _drawn(one, middle, len(history) if len(found) > 1 else math.inf)
        for history, one in found.items()
    }


def _drawn(known: LogNormal, middle: float, samples: float) -> LogNormal:
    trust = 1 / (1 + known.spread**2 / (samples * _NAMES_APART**2))
    return dataclasses.replace(known, mean=trust * known.mean + (1 - trust) * middle)


def _shift(done: Sequence[Piece], named: dict[tuple[float, ...], LogNormal]) -> tuple[float, float]:
    """The run's own pace against the history's, and the variance of that."""
    precision, weighted = 1 / _RUN_SPREAD**2, 0.0
    for weight, piece in zip(_recency(len(done)), done, strict=True):
        if (known := named.get(piece.history)) is None:
            continue
        most = _MOST_SPREADS * known.spread
        apart = min(max(log_of(piece.seconds) - known.mean, -most), most)
        variance = known.spread**2 + known.doubt
        precision += weight / variance
        weighted += weight * apart / variance
    return weighted / precision, 1 / precision


def _nameless(work: Work, done: Sequence[Piece]) -> LogNormal | None:
    own = _own((*done, *_overdue(work, done)), sum(piece.count for piece in work.left))
    rates = [past.seconds / past.pieces for past in work.past if past.pieces]
    if not rates:
        return own
    rate = fitted(rates)
    spread = own.spread if own is not None else USUAL_SPREAD
    # A rate is an average, which lies above the median of what it is the average of.
    mean, doubt = rate.mean - spread**2 / 2, rate.spread**2 + rate.doubt
    if own is None:
        return LogNormal(mean=mean, spread=spread, doubt=doubt)
    trust = doubt / (own.doubt + doubt)
    return LogNormal(
        mean=trust * own.mean + (1 - trust) * mean, spread=spread, doubt=trust * own.doubt
    )


def _overdue(work: Work, done: Sequence[Piece]) -> list[Piece]:
    """What is being done and has already taken longer than the others did: it says as much as they."""
    if not done:
        return []
    average = statistics.fmean(piece.seconds for piece in done)
    return [
        piece
        for piece in work.left
        if piece.state is PieceState.RUNNING and piece.seconds > average
    ]


def _own(done: Sequence[Piece], left: int) -> LogNormal | None:
    """The pieces of this run, whatever they are called."""
    if not done:
        return None
    weights = _recency(len(done))
    own = fitted([piece.seconds for piece in done], weights)
    average = math.fsum(w * one.seconds for w, one in zip(weights, done, strict=True)) / math.fsum(
        weights
    )
    # Half by the average, which unlike pieces have right, half by the median, which a single long one does not move.
    level = (own.mean + log_of(average) - own.spread**2 / 2) / 2
    return LogNormal(
        mean=level + _trend(done, own.spread, left),
        spread=own.spread,
        doubt=own.doubt + _UNLIKE_SPREAD**2,
    )


def _trend(done: Sequence[Piece], spread: float, left: int) -> float:
    """How much longer than the pieces that are done those that are left take on average, if these have grown one by one."""
    logs = [log_of(piece.seconds) for piece in done]
    middle, mean = (len(logs) - 1) / 2, statistics.fmean(logs)
    across = math.fsum((place - middle) * (one - mean) for place, one in enumerate(logs))
    along = math.fsum((place - middle) ** 2 for place in range(len(logs)))
    slope = across / (along + (spread / _USUAL_SLOPE) ** 2)
    grown = slope * (min(len(done), _HALF_LIFE) + left) / 2
    return min(max(grown, -_MOST_GROWN), _MOST_GROWN)


def _recency(count: int) -> list[float]:
    return [0.5 ** ((count - 1 - place) / _HALF_LIFE) for place in range(count)]
