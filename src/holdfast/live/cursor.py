"""Where in the feed a reader is.

A batch of the feed is the difference between two snapshots of the database: exactly the events whose transactions
the later one sees and the earlier one did not. Both are kept in a cursor in the middle of a batch, so a reader that
stops there can be given the rest of the same batch, exactly.
"""

from __future__ import annotations

import dataclasses
import re

from holdfast.errors import InvalidValue

_FORM = re.compile(r"^(?P<epoch>[0-9a-f]+):(?P<seen>\d+(?:,\d+)*)(?::(?P<until>\d+(?:,\d+)*)\+(?P<delivered>\d+))?$")


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a snapshot had seen: every transaction below `next` except those in flight."""

    next: int
    in_flight: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ",".join(str(xid) for xid in (self.next, *self.in_flight))

    @classmethod
    def parse(cls, text: str) -> Seen:
        """From the text of one."""
        first, *rest = (int(part) for part in text.split(","))
        return cls(first, tuple(rest))


@dataclasses.dataclass(frozen=True)
class Cursor:
    """A place in one history of events, just behind one of them.

    >>> Cursor.parse("c0ffee:17,12:20+3")
    Cursor(epoch='c0ffee', seen=Seen(next=17, in_flight=(12,)), until=Seen(next=20, in_flight=()), delivered=3)
    >>> str(Cursor("c0ffee", Seen(17)))
    'c0ffee:17'
    """

    epoch: str
    seen: Seen
    until: Seen | None = None
    delivered: int = 0

    def __str__(self) -> str:
        place = f"{self.epoch}:{self.seen}"
        return place if self.until is None else f"{place}:{self.until}+{self.delivered}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """From the text of one; raises `InvalidValue`."""
        match = _FORM.match(text)
        if match is None:
            raise InvalidValue(
                f"{text!r} is no cursor of the feed.", hint="Give one that an earlier call printed, or `start`."
            )
        until = Seen.parse(match["until"]) if match["until"] else None
        return cls(match["epoch"], Seen.parse(match["seen"]), until, int(match["delivered"] or 0))
