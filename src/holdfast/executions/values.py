"""Values that callers give as text."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from holdfast.errors import InvalidValue

_Member = TypeVar("_Member", bound=StrEnum)


def member(kind: type[_Member], field: str, value: str) -> _Member:
    """The member of an enum that a text names; raises `InvalidValue`.

    >>> from holdfast.model.states import LogLevel
    >>> member(LogLevel, "level", "info")
    <LogLevel.INFO: 'info'>
    """
    try:
        return kind(value)
    except ValueError:
        raise InvalidValue(
            f"{field} = {value!r} is not one of {', '.join(kind)}.", hint="Choose one of them."
        ) from None


def require_limit(limit: int, most: int) -> int:
    """How many rows may be asked for at a time; raises `InvalidValue`."""
    if not 1 <= limit <= most:
        raise InvalidValue(
            f"limit = {limit} is not between 1 and {most}.", hint="Ask for fewer at a time."
        )
    return limit
