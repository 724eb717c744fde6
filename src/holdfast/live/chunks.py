"""Reading from one place of the feed to another, a bounded number of events at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TypeAlias

from holdfast.engine.postgres import Row
from holdfast.live.cursor import START, Cursor, FeedReset, Part, Place
from holdfast.live.reader import End, Reader, event_of
from holdfast.model.events import Event

Item: TypeAlias = tuple[Event, Cursor]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some rows of the batch that lies between a cursor's place and another one."""

    begin: Cursor
    end: Place
    skipped: int
    """How many events of the batch came before."""
    rows: list[Row]

    @property
    def cursor(self) -> Cursor:
        """Behind the last event."""
        if not self.rows:
            return Cursor(epoch=self.begin.epoch, seen=self.end)
        return self._behind(len(self.rows))

    @property
    def is_last(self) -> bool:
        """Whether its batch ends with it."""
        return self.cursor.part is None

    def items(self) -> Iterator[Item]:
        """Each event with the cursor behind it."""
        for number, row in enumerate(self.rows, start=1):
            yield event_of(row), self._behind(number)

    def _behind(self, number: int) -> Cursor:
        return self.begin.after(self.end, self.skipped + number, self.rows[number - 1]["size"])


async def chunks_ahead(reader: Reader, cursor: Cursor) -> AsyncGenerator[Chunk]:
    """Everything up to where the feed ends now, for who stands between two batches and has kept up so far.

    Raises:
        FeedReset: it is another feed, or what comes after the cursor is no longer kept.
    """
    end, rows = await reader.ahead(cursor.seen)
    require_kept(cursor, end)
    if end.place == cursor.seen:
        return
    chunk = Chunk(begin=cursor, end=end.place, skipped=0, rows=rows)
    yield chunk
    if not chunk.is_last:
        async with aclosing(chunks_until(reader, chunk.cursor, end.place)) as chunks:
            async for more in chunks:
                yield more


async def chunks_until(reader: Reader, cursor: Cursor, place: Place) -> AsyncGenerator[Chunk]:
    """Everything between a cursor and a place.

    Raises:
        FeedReset: events of a batch that the cursor is in the middle of are gone.
    """
    ends = [place] if cursor.part is None else [cursor.part.end, place]
    for end in ends:
        while cursor.seen != end:
            async with aclosing(_read(reader, cursor, end)) as chunks:
                async for chunk in chunks:
                    cursor = chunk.cursor
                    yield chunk


async def _read(reader: Reader, begin: Cursor, end: Place) -> AsyncGenerator[Chunk]:
    """What is left of a batch; a long one may stop early, with the cursor in its middle."""
    skipped, read = begin.part.delivered if begin.part else 0, 0
    async with aclosing(reader.batch(begin.seen, end, skip=skipped)) as portal:
        async for rows in portal:
            if not rows:
                continue
            _require_same_batch(begin.part, rows[0]["size"])
            yield Chunk(begin=begin, end=end, skipped=skipped + read, rows=rows)
            read += len(rows)
    if not read:
        _require_same_batch(begin.part, 0)
        yield Chunk(begin=begin, end=end, skipped=0, rows=[])


async def end_for(reader: Reader, cursor: Cursor) -> Place:
    """Where the feed ends now, if it is still the feed that the cursor is of.

    Raises:
        FeedReset: it is another one, or what comes after the cursor is no longer kept.
    """
    furthest = cursor.seen if cursor.part is None else cursor.part.end
    end = await reader.end(furthest.next)
    require_kept(cursor, end)
    return end.place


def require_kept(cursor: Cursor, end: End) -> None:
    """Refuse a cursor from which the feed cannot go on without leaving something out."""
    furthest = cursor.seen if cursor.part is None else cursor.part.end
    if end.epoch != cursor.epoch:
        raise FeedReset("the history of events is another one, as after restoring a backup")
    if furthest.next > end.xmax:
        raise FeedReset("it is ahead of the database, which was set back")
    if cursor.seen != START and cursor.seen.lacks_any_up_to(end.floor):
        raise FeedReset("it is older than the events that are kept")


def _require_same_batch(part: Part | None, size: int) -> None:
    """A batch of another size than before has lost events to retention: positions have shifted."""
    if part is not None and part.size != size:
        raise FeedReset("events of its batch are no longer kept")
