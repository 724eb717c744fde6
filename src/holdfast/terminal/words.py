"""Ids and times in as few characters as a person needs."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

_SHORT = 8


def short(identity: UUID | str) -> str:
    """The end of an id, which is what tells ids of one age apart; commands accept it."""
    return str(identity)[-_SHORT:]


def ago(moment: datetime | None) -> str:
    """How long ago, in one unit.

    >>> ago(None)
    ''
    """
    if moment is None:
        return ""
    return span((datetime.now(UTC) - moment).total_seconds())


def span(seconds: float) -> str:
    """A length of time in one unit.

    >>> span(0.42), span(95), span(7200)
    ('0.4 s', '1.6 min', '2.0 h')
    """
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 0):.1f} s"
