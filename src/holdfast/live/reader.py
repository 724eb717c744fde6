"""What a tail asks over its connection."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from holdfast.engine import texts
from holdfast.engine.connections import Connection, translated
from holdfast.engine.postgres import Row
from holdfast.errors import DatabaseError, DatabaseUnavailable
from holdfast.live.cursor import Place
from holdfast.model.events import Event

CHUNK_ROWS = 500
# A network that swallows everything must look like a lost connection.
ANSWER_SECONDS = 10.0
# A reader in a transaction holds up the dropping of old partitions, and whoever queues behind that.
LONGEST_READ_SECONDS = 10.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """Where the feed ends now."""

    epoch: str
    floor: int
    xmax: int
    place: Place


@dataclasses.dataclass(frozen=True, kw_only=True)
class User:
    """As whom events are read: row-level security decides what there is for them."""

    claims: str
    """The request's claims as JSON."""
    role: str = "authenticated"


class Reader:
    """Reads the feed of one venture, or of all."""

    def __init__(
        self, connection: Connection, venture_id: UUID | None, *, user: User | None = None
    ) -> None:
        self._connection = connection
        self._venture_id = venture_id
        self._user = user

    async def end(self, after: int) -> End:
        """Where the feed ends, for who has come to the transaction `after`."""
        query = texts.query("tail")
        [row] = await translated(
            lambda: self._connection.fetch(query, after, timeout=ANSWER_SECONDS)
        )
        return _end(row)

    async def ahead(self, begin: Place) -> tuple[End, list[Row]]:
        """Where the feed ends now, and the first rows of the batch up to there: one round trip, for who keeps up."""
        query = texts.query("tail_batch")
        arguments = self._venture_id, *_told(begin), CHUNK_ROWS
        rows: list[Any] = await translated(
            lambda: self._connection.fetch(query, *arguments, timeout=ANSWER_SECONDS)
        )
        return _end(rows[0]), [] if rows[0]["stream_id"] is None else rows

    async def batch(self, begin: Place, end: Place, *, skip: int) -> AsyncGenerator[list[Row]]:
        """A batch in chunks, so that memory is bounded; it ends early when it takes too long.

        What fits into one chunk is given after the transaction has ended.
        """
        if self._user is None:  # most batches are small: one round trip
            rows = await self._small(begin, end, skip=skip)
            yield rows
            if len(rows) < CHUNK_ROWS:
                return
            skip += CHUNK_ROWS
        async with aclosing(self._large(begin, end, skip=skip)) as chunks:
            async for rows in chunks:
                yield rows

    async def _small(self, begin: Place, end: Place, *, skip: int) -> list[Row]:
        arguments = self._arguments(begin, end, skip, CHUNK_ROWS)
        query = texts.query("feed_batch")
        rows: list[Any] = await translated(lambda: self._connection.fetch(query, *arguments))
        return rows

    async def _large(self, begin: Place, end: Place, *, skip: int) -> AsyncGenerator[list[Row]]:
        """Through a portal, so that what is not fetched yet stays at the server."""
        arguments = self._arguments(begin, end, skip, None)
        transaction = self._connection.transaction(readonly=True)
        await translated(transaction.start)
        try:
            if self._user is not None:
                await self._become(self._user)
            portal = await translated(
                lambda: self._connection.cursor(texts.query("feed_batch"), *arguments)
            )
            rows: list[Any] = await translated(lambda: portal.fetch(CHUNK_ROWS))
            deadline = time.monotonic() + LONGEST_READ_SECONDS  # sorting is done by now
            if len(rows) == CHUNK_ROWS:
                await self._be_patient(LONGEST_READ_SECONDS)
            while len(rows) == CHUNK_ROWS and time.monotonic() < deadline:
                yield rows
                rows = await translated(lambda: portal.fetch(CHUNK_ROWS, timeout=ANSWER_SECONDS))
        finally:
            # A connection that was lost here is noticed by who uses it next. Told from here, it
            # would take the place of the cancellation or the closing that may be under way.
            with contextlib.suppress(DatabaseError):
                await translated(transaction.rollback)
        yield rows

    def _arguments(self, begin: Place, end: Place, skip: int, most: int | None) -> tuple[Any, ...]:
        return self._venture_id, *_told(begin), *_told(end), skip, most

    async def _become(self, user: User) -> None:
        query = texts.query("feed_as_user")
        await translated(lambda: self._connection.execute(query, user.role, user.claims))

    async def _be_patient(self, seconds: float) -> None:
        query, milliseconds = texts.query("feed_patience"), str(round(seconds * 1000))
        await translated(lambda: self._connection.execute(query, milliseconds))


def _end(row: Any) -> End:
    if row["standby"]:
        raise DatabaseUnavailable(
            "The server is a standby, which does not know what is in progress.",
            hint="Name the primary in HOLDFAST_DATABASE_URL.",
        )
    place = Place(next=row["next"], in_flight=tuple(row["in_flight"]))
    return End(epoch=row["epoch"], floor=row["floor"], xmax=row["xmax"], place=place)


def event_of(row: Row) -> Event:
    """The event that a row says."""
    return Event(
        venture_id=row["venture_id"],
        stream=row["stream"],
        stream_id=row["stream_id"],
        seq=row["seq"],
        xid=row["xid"],
        type=row["type"],
        time=row["time"],
        actor=row["actor"],
        data=row["data"],
    )


def _told(place: Place) -> tuple[str, list[str]]:
    """A place as the queries take it; the driver has no type for xid8."""
    return str(place.next), [str(xid) for xid in place.in_flight]
