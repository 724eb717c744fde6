"""Ids and times in as few characters as a person needs."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from holdfast.progress.words import span

__all__ = ["ago", "short", "span"]

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
