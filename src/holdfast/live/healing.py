"""Finding and filling gaps in streams. There should be none: the tail's proof says so, and this looks after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine, Row
from holdfast.live.cursor import FeedReset, Place
from holdfast.live.items import Item
from holdfast.live.sequences import Sequences
from holdfast.live.stream import read_stream

logger = logging.getLogger("holdfast")


class Healer:
    """Lets every event of a stream pass once and in order, and reads what is missing between two."""

    def __init__(self, engine: PostgresEngine) -> None:
        self.place: Place | None = None
        """Up to where everything has been handed out."""
        self._engine = engine
        self._sequences = Sequences()

    def clear(self) -> None:
        """Know nothing, as when the feed was begun anew."""
        self._sequences.clear()
        self.place = None

    async def healed(self, items: Iterable[Item]) -> list[Item]:
        """The items without those that came before, and with those that are missing between them."""
        healed: list[Item] = []
        for item in items:
            newest = self._sequences.newest(item.stream)
            too_late = self._sequences.note(item.stream, item.event.seq)
            if too_late > 0 and newest is not None:
                event = item.event
                healed += await self._read(event.venture_id, event.stream_id, newest, event.seq - 1)
            if too_late >= 0:
                healed.append(item)
        return healed

    async def heal(self, heads: Iterable[Row], hand_out: Callable[[list[Item]], None]) -> None:
        """Hand out what the place that was reached has seen and nobody was given."""
        for head in heads:
            stream, seq = str(head["stream_id"]), head["seq"]
            newest = self._sequences.newest(stream)
            if newest is None or newest >= seq or not self._has_passed(head["xid"]):
                continue
            found = await self._read(head["venture_id"], head["stream_id"], newest, seq)
            hand_out([i for i in found if self._sequences.note(stream, i.event.seq) >= 0])

    def _has_passed(self, xid: int) -> bool:
        return self.place is not None and self.place.has_seen(xid)

    async def _read(self, venture_id: UUID, stream: UUID, after: int, last: int) -> list[Item]:
        logger.error("The feed left out events of the stream %s after %s.", stream, after)
        found: list[Item] = []
        with suppress(FeedReset):  # retention was faster
            async for event in read_stream(self._engine, stream, after, venture_id=venture_id):
                if event.seq > last:
                    break
                found.append(Item(event, None))
        return found
