"""What happened last, kept in memory: most who come back were away for a moment only."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from holdfast.live.cursor import Cursor, Place
from holdfast.live.items import Item

MOST_BYTES = 8 * 1024 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """What one batch brought: everything between two places."""

    begin: Place
    end: Place
    items: tuple[Item, ...]


class Ring:
    """The newest steps, without a gap between them, up to a number of bytes."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._steps: deque[Step] = deque()
        self._most_bytes = most_bytes
        self._bytes = 0

    def add(self, step: Step) -> None:
        """Keep the newest step; the oldest ones go where there are too many."""
        self._steps.append(step)
        self._bytes += _bytes(step)
        while self._bytes > self._most_bytes:
            self._bytes -= _bytes(self._steps.popleft())

    def clear(self) -> None:
        """Forget all, as when the feed was begun anew."""
        self._steps.clear()
        self._bytes = 0

    def between(self, begin: Cursor, end: Place, venture_id: UUID) -> list[Item] | None:
        """A venture's events from a cursor to where the ring ends; `None` if it does not reach back so far.

        They are the batch that the database would give, in its order, so its cursors hold there too.
        """
        if begin.part is not None:
            return None
        found: list[Step] = []
        for step in reversed(self._steps):
            if begin.seen.covers(step.end):
                break
            found.append(step)
            if begin.seen.covers(step.begin):
                break
        else:
            return None
        found.reverse()
        if found and found[0].begin == begin.seen:  # it stands at a boundary: these are its batches
            return [item for step in found for item in step.items if _of(item, venture_id)]
        return _as_one_batch(begin, end, found, venture_id)


def _as_one_batch(begin: Cursor, end: Place, steps: Iterable[Step], venture_id: UUID) -> list[Item]:
    items = [
        item
        for step in steps
        for item in step.items
        if _of(item, venture_id) and not begin.seen.has_seen(item.event.xid)
    ]
    items = in_order_of_batch(items)
    size = len(items)
    return [Item(item.event, begin.after(end, n, size)) for n, item in enumerate(items, start=1)]


def in_order_of_batch(items: list[Item]) -> list[Item]:
    """The items of one batch as the query `feed_batch` orders them."""
    latest: dict[UUID, datetime] = {}
    keyed = []
    for item in sorted(items, key=lambda item: item.event.seq):
        event = item.event
        time = max(event.time, latest.get(event.stream_id, event.time))
        latest[event.stream_id] = time
        keyed.append(((time, event.stream_id.int, event.seq), item))
    return [item for _, item in sorted(keyed, key=lambda pair: pair[0])]


def _of(item: Item, venture_id: UUID) -> bool:
    return item.event.venture_id == venture_id


def _bytes(step: Step) -> int:
    return 200 + sum(len(item.text) * 2 + 600 for item in step.items)
