"""Lengths of time in a person's words."""

from __future__ import annotations

from holdfast.progress.values import Remaining

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def describe(remaining: Remaining | None) -> str:
    """The estimate in a person's words.

    >>> describe(Remaining(low_seconds=240, median_seconds=300, high_seconds=420))
    'about 4–7 min'
    >>> describe(None)
    'unknown'
    """
    if remaining is None:
        return "unknown"
    low, high = remaining.low_seconds, remaining.high_seconds
    size, unit = next((one for one in _UNITS if high >= 2 * one[0]), _UNITS[-1])
    first, last = max(1, round(low / size)), max(1, round(high / size))
    if round(low / size) == 0 < last and size > 1:
        return f"up to {last} {unit}"
    return f"about {first}–{last} {unit}" if first < last else f"about {last} {unit}"


def span(seconds: float) -> str:
    """A length of time in one unit.

    >>> span(0.42), span(95), span(7200)
    ('0.4 s', '1.6 min', '2.0 h')
    """
    for size, unit in _UNITS[:-1]:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 0):.1f} s"
