"""Lengths of time as people type them."""

from __future__ import annotations

import re
from datetime import timedelta

from holdfast.errors import InvalidValue

_SPAN = re.compile(r"^(\d{1,5})([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def length_of_time(text: str, option: str) -> timedelta:
    """A length of time.

    >>> length_of_time("90d", "--expires")
    datetime.timedelta(days=90)

    Raises:
        InvalidValue: it is none.
    """
    found = _SPAN.match(text)
    if found is None:
        raise InvalidValue(f"{option} {text} is no length of time.", hint="Such as 30m, 12h, 90d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
