"""A place in the feed: everything before it was delivered, everything else is yet to come."""

from __future__ import annotations

import dataclasses
import re
from typing import NoReturn

from holdfast.errors import HoldfastError, InvalidValue

# `next` and, as distances below it, what was in flight: 741-3-12.
_PLACE = r"(\d{1,19})((?:-\d{1,19})*)"
_TEXT = re.compile(rf"([0-9a-f]{{16}})_{_PLACE}(?:_{_PLACE}_(\d{{1,18}})_(\d{{1,18}}))?", re.ASCII)
_LARGEST_XID = 2**63 - 1


class FeedReset(HoldfastError):  # like LeaseLost, it says what happened
    """The feed cannot go on from this cursor: read the state anew, and follow from now on."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The feed cannot go on from this cursor: {reason}.",
            hint="Read the state anew, then follow without a cursor, or from `start`.",
        )
        self.reason = reason


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Which transactions were seen: those below `next` that were not in flight."""

    next: int
    in_flight: tuple[int, ...] = ()

    def __str__(self) -> str:
        return "-".join([str(self.next), *(str(self.next - xid) for xid in self.in_flight)])

    def lacks_any_up_to(self, xid: int) -> bool:
        """Whether a transaction up to this one may not have been seen.

        >>> Place(next=741, in_flight=(729,)).lacks_any_up_to(728)
        False
        """
        return self.next <= xid or any(open_ <= xid for open_ in self.in_flight)

    def has_seen(self, xid: int) -> bool:
        """Whether this transaction was seen.

        >>> Place(next=741, in_flight=(729,)).has_seen(729)
        False
        """
        return xid < self.next and xid not in self.in_flight

    def covers(self, other: Place) -> bool:
        """Whether everything that the other place has seen was seen here too.

        >>> Place(next=741, in_flight=(729,)).covers(Place(next=740))
        False
        """
        return self.next >= other.next and not any(map(other.has_seen, self.in_flight))


START = Place(next=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """How far a batch was delivered: `delivered` of `size` events; the batch ends at `end`."""

    end: Place
    delivered: int
    size: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a reader of a feed stands; it belongs to that feed: one venture's, or all ventures'.

    A batch is the events of every transaction that `part.end` has seen and `seen` has not. That is
    the same set whenever it is read, so a reader may stop in the middle of one.

    >>> str(Cursor(epoch="0123456789abcdef", seen=Place(next=741, in_flight=(729, 738))))
    '0123456789abcdef_741-12-3'
    """

    epoch: str
    seen: Place
    part: Part | None = None

    def __str__(self) -> str:
        text = f"{self.epoch}_{self.seen}"
        if self.part is None:
            return text
        return f"{text}_{self.part.end}_{self.part.delivered}_{self.part.size}"

    def after(self, end: Place, delivered: int, size: int) -> Cursor:
        """Behind so many events of the batch from here to `end`."""
        if delivered == size:
            return Cursor(epoch=self.epoch, seen=end)
        part = Part(end=end, delivered=delivered, size=size)
        return Cursor(epoch=self.epoch, seen=self.seen, part=part)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor that a text says.

        Raises:
            InvalidValue: it says none.

        >>> Cursor.parse("0123456789abcdef_741-12-3").seen.in_flight
        (729, 738)
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            _refuse(text, "it is not of the form EPOCH_NEXT or EPOCH_NEXT_END_DELIVERED_SIZE")
        epoch, next_, in_flight, end_next, end_in_flight, delivered, size = match.groups()
        seen = _place(text, next_, in_flight)
        if end_next is None:
            return cls(epoch=epoch, seen=seen)
        part = Part(
            end=_place(text, end_next, end_in_flight), delivered=int(delivered), size=int(size)
        )
        if part.end.next < seen.next:
            _refuse(text, "its batch ends before it begins")
        if not 0 < part.delivered < part.size:
            _refuse(
                text, f"{part.delivered} of {part.size} delivered is not in the middle of a batch"
            )
        return cls(epoch=epoch, seen=seen, part=part)


def _place(text: str, next_: str, distances: str) -> Place:
    limit = int(next_)
    if limit > _LARGEST_XID:
        _refuse(text, f"{limit} is no transaction id")
    xids = tuple(limit - int(distance) for distance in distances.split("-")[1:])
    if any(not 0 <= xid < limit for xid in xids) or list(xids) != sorted(set(xids)):
        _refuse(text, "what was in flight is not in ascending order below its next transaction")
    return Place(next=limit, in_flight=xids)


def _refuse(text: str, why: str) -> NoReturn:
    shown = text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004
    raise InvalidValue(
        f"since = {shown!r} is not a cursor: {why}.",
        hint="Give the cursor that an event came with, or `start`.",
    )
