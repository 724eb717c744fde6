"""Reading JSON that other programs write: nothing in it is assumed to be there, or to be what it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def read_event(line: str) -> dict[str, Any] | None:
    """A line's JSON object, with text that PostgreSQL can keep; nothing if it is none.

    >>> read_event('{"type": "x"}'), read_event("oops")
    ({'type': 'x'}, None)
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _clean(event) if isinstance(event, dict) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of an array; none if it is no array."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


# More tokens, or dollars, than anything has cost.
_MOST_COUNTED = 2**53
_MOST_AMOUNT = 1e7


def count(value: Any) -> int:
    """The value if it is a number from 0, else 0."""
    return value if isinstance(value, int) and 0 <= value < _MOST_COUNTED else 0


def amount(value: Any) -> float:
    """The value if it is a sum of money, else 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _MOST_AMOUNT else 0.0


def _clean(value: Any) -> Any:
    """JSON may have NUL and halves of surrogate pairs, which PostgreSQL's text has not."""
    match value:
        case str():
            cleaned = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
            return cleaned.encode("utf-8", "replace").decode()
        case dict():
            return {_clean(key): _clean(one) for key, one in value.items()}
        case list():
            return [_clean(one) for one in value]
    return value
