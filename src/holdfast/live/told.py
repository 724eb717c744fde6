"""What the gateway that reads the feed tells the others: a batch, or only that there was one."""

from __future__ import annotations

import dataclasses
import json

from holdfast.engine.postgres import Row
from holdfast.engine.wire import pack_rows, unpack_rows
from holdfast.errors import InvalidValue
from holdfast.live.chunks import Chunk
from holdfast.live.cursor import Cursor, Place

# A NATS server takes messages of up to a megabyte unless it was told otherwise.
MOST_BYTES = 900_000
# Of a batch's rows, what its events and their cursors are made of.
_COLUMNS = (
    "venture_id",
    "stream",
    "stream_id",
    "seq",
    "xid",
    "type",
    "time",
    "actor",
    "data",
    "size",
    "venture_size",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Told:
    """That a batch lies between two places, with its rows where they are few enough for one message."""

    begin: Cursor
    end: Place
    rows: list[Row] | None

    @property
    def chunk(self) -> Chunk | None:
        """The whole batch, for who stands where it begins; unset where it is to be read."""
        if self.rows is None:
            return None
        return Chunk(begin=self.begin, end=self.end, skipped=0, rows=self.rows)


def pack_told(chunk: Chunk) -> bytes:
    """The message about the batch that a chunk ends."""
    begin = Cursor(epoch=chunk.begin.epoch, seen=chunk.begin.seen)
    told = {"begin": str(begin), "end": str(Cursor(epoch=begin.epoch, seen=chunk.end))}
    if chunk.skipped == 0:
        rows = [{name: row[name] for name in _COLUMNS} for row in chunk.rows]
        packed = _as_json(told | {"rows": pack_rows(rows)})
        if len(packed) <= MOST_BYTES:
            return packed
    return _as_json(told)


def unpack_told(message: bytes) -> Told | None:
    """What a message says; `None` for one that is not of ours, or not whole."""
    try:
        told = json.loads(message)
        begin, end = Cursor.parse(told["begin"]), Cursor.parse(told["end"]).seen
        rows: list[Row] | None = [*unpack_rows(told["rows"])] if "rows" in told else None
        if rows and not all(row["size"] == len(rows) for row in rows):
            return None
    except (ValueError, LookupError, TypeError, AttributeError, InvalidValue):
        return None
    return Told(begin=begin, end=end, rows=rows)


def _as_json(told: object) -> bytes:
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
