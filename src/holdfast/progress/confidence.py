"""How often the range holds what is really left: measured on replayed histories, which `tests/unit/test_replays.py` does again."""

from __future__ import annotations

from holdfast.progress.values import Pace

# From so many durations on, so often.
_WITH_HISTORY = ((4, 0.85), (1, 0.7))
_OWN = ((16, 0.85), (8, 0.75), (4, 0.65), (2, 0.55), (1, 0.5))


def confidence_of(evidence: int, pace: Pace) -> float:
    """The share of replayed runs with such evidence of which the range held what was left.

    >>> confidence_of(2, Pace.OWN), confidence_of(40, Pace.BOTH)
    (0.55, 0.85)
    """
    table = _OWN if pace is Pace.OWN else _WITH_HISTORY
    return next(share for least, share in table if evidence >= least)
