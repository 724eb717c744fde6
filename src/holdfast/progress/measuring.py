"""Progress from what work consists of: percent, stages, time remaining, and what does not add up."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterable, Sequence

from holdfast.progress.confidence import confidence_of
from holdfast.progress.forecast import forecast
from holdfast.progress.judging import judge
from holdfast.progress.pieces import Piece, PieceState, Work
from holdfast.progress.values import Basis, Progress, Stage, Standing

# What is not over is not all done, whatever its pieces say.
MOST_PERCENT = 99.0
_NUMBER = re.compile(r"[\s#:_-]*\d+$")
# Nothing has got done for so many spreads longer than usual, and for this many times the usual, and seconds.
_STALLED_Z, _STALLED_TIMES, _STALLED_SECONDS = 3.0, 3.0, 60.0
_ENOUGH_TO_MISS = 3


def measure(
    work: Work,
    *,
    basis: Basis,
    standing: Standing,
    is_completed: bool = False,
    warnings: Iterable[str] = (),
) -> Progress:
    """How far work is."""
    is_over = standing is Standing.OVER
    told = None if is_over else forecast(work)
    usual = [past.seconds for past in work.past]
    if standing is Standing.WORKING and is_stalled(work):
        standing = Standing.STALLED
    return Progress(
        percent=100.0 if is_completed else percent_of(work),
        basis=basis,
        standing=standing,
        remaining=None if told is None else told.remaining,
        confidence=None if told is None else confidence_of(told.evidence, told.pace),
        pace=None if told is None else told.pace,
        usual_seconds=statistics.median(usual) if usual else None,
        seconds=work.seconds,
        stages=tuple(stages_of(work.pieces)),
        warnings=tuple(warnings),
    )


def percent_of(work: Work) -> float | None:
    """How much of the work is done, each piece weighing as much as it usually takes; None if nobody knows of what."""
    if not work.is_counted or not work.pieces:
        return None
    weights = _weights(work.pieces)
    done = sum(weight * _done(piece) for weight, piece in zip(weights, work.pieces, strict=True))
    return min(100.0 * done / sum(weights), MOST_PERCENT)


def stages_of(pieces: Sequence[Piece]) -> Iterable[Stage]:
    """The pieces by name; those whose names differ in a number at the end, one after the other, are one stage."""
    for name, group in itertools.groupby(pieces, key=_stage_name):
        members = list(group)
        weights = _weights(members)
        done = sum(w * _done(piece) for w, piece in zip(weights, members, strict=True))
        yield Stage(
            name=name,
            percent=100.0 * done / sum(weights),
            completed=sum(one.count for one in members if one.state is PieceState.DONE),
            total=sum(one.count for one in members),
            is_running=any(one.state is PieceState.RUNNING for one in members),
        )


def is_stalled(work: Work) -> bool:
    """Whether what is being done takes much longer than such things ever took."""
    judged = judge(work)
    for piece in work.pieces:
        if piece.state is not PieceState.RUNNING:
            continue
        evidence = len(piece.history) + len(work.measured)
        usual = judged.of(piece)
        if usual is None or evidence < _ENOUGH_TO_MISS or piece.within > 0:
            return False
        longest = max((*piece.history, *(one.seconds for one in work.measured)), default=0.0)
        if piece.seconds <= max(
            usual.quantile(_STALLED_Z), _STALLED_TIMES * longest, _STALLED_SECONDS
        ):
            return False
    return any(piece.state is PieceState.RUNNING for piece in work.pieces)


def _weights(pieces: Sequence[Piece]) -> list[float]:
    """How long each usually takes; those of which that is not known, as long as the others on average."""
    usual = [
        max(statistics.median(piece.history), 1e-3) if piece.history else None for piece in pieces
    ]
    known = [one for one in usual if one is not None]
    rest = statistics.fmean(known) if known else 1.0
    return [
        (rest if one is None else one) * piece.count
        for one, piece in zip(usual, pieces, strict=True)
    ]


def _done(piece: Piece) -> float:
    return 1.0 if piece.state is PieceState.DONE else min(max(piece.within, 0.0), 1.0)


def _stage_name(piece: Piece) -> str:
    return _NUMBER.sub("", piece.name) or piece.name
