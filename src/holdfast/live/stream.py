"""The events of one stream, which are numbered without a gap."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import UUID

from holdfast.live.cursor import FeedReset
from holdfast.live.reader import event_of
from holdfast.live.reads import Reads
from holdfast.model.events import Event

PAGE_ROWS = 500


async def read_stream(
    engine: Reads, stream_id: UUID, after_seq: int = 0, *, venture_id: UUID
) -> AsyncGenerator[Event]:
    """Every event of a stream after a seq that there is by now, in order.

    Raises:
        FeedReset: the next one is no longer kept.
    """
    seq = after_seq
    while True:
        rows = await engine.read("stream", venture_id, stream_id, seq, PAGE_ROWS)
        for row in rows:
            if row["seq"] != seq + 1:
                raise FeedReset(f"event {seq + 1} of the stream {stream_id} is no longer kept")
            seq += 1
            yield event_of(row)
        if len(rows) < PAGE_ROWS:
            return
