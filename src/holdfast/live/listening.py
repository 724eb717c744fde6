"""Following the feed by what somebody else tells of it, and reading what that leaves out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Literal, TypeAlias

from holdfast.live.bus import Bus, Ear
from holdfast.live.chunks import Chunk, chunks_ahead, chunks_until, end_for
from holdfast.live.cursor import Cursor, Place
from holdfast.live.reader import Reader
from holdfast.live.told import Told, unpack_told

QUIET_SECONDS = 2.0

Source: TypeAlias = Literal["database", "bus"]


class Listener:
    """Believes what it is told where that begins at the very place where it stands; all else it reads."""

    def __init__(
        self,
        reader: Reader,
        ear: Ear,
        cursor: Cursor,
        *,
        bus: Bus,
        poll_seconds: float,
        quiet_seconds: float = QUIET_SECONDS,
        on_chunk: Callable[[Source], None] = lambda _: None,
    ) -> None:
        """Nothing is read before it is iterated.

        Args:
            reader: asks the database.
            ear: hears what is told.
            cursor: where it stands.
            bus: what the ear hears by.
            poll_seconds: how often the database is asked while the bus is away, or nobody tells.
            quiet_seconds: after how long without anything new the database is asked.
            on_chunk: told for each chunk where it came from.
        """
        self._reader = reader
        self._ear = ear
        self._cursor = cursor
        self._bus = bus
        self._poll_seconds = poll_seconds
        self._quiet_seconds = quiet_seconds
        self._on_chunk = on_chunk
        self._is_current_until = 0.0
        self._is_told = True
        """Whether what there is seems to be told."""

    async def catch_up(self) -> AsyncGenerator[Chunk]:
        """Everything up to where the feed ends now."""
        async with aclosing(self._up_to(None)) as chunks:
            async for chunk in chunks:
                yield self._given("database", chunk)
        self._note_being_current()

    async def next(self) -> AsyncGenerator[Chunk]:
        """What the next message brings, or, where none comes or it says nothing, the database."""
        message = await self._ear.next(self._patience_seconds())
        told = unpack_told(message) if message else None
        self._is_told = self._is_told or told is not None
        if told is None:
            missing = chunks_ahead(self._reader, self._cursor)
        elif self._has_passed(told):
            return
        elif told.chunk is not None and told.begin == self._cursor:
            self._note_being_current()
            yield self._given("bus", told.chunk)
            return
        else:
            missing = self._up_to(told)
        async with aclosing(missing) as chunks:
            async for chunk in chunks:
                self._is_told = self._is_told and not (message is None and chunk.rows)
                yield self._given("database", chunk)
        self._note_being_current()

    def _patience_seconds(self) -> float:
        """How long to listen before the database is asked: not for long, where the bus brings nothing of what there is."""
        if not (self._bus.is_there and self._is_told):
            return self._poll_seconds
        return max(0.0, self._is_current_until - time.monotonic())

    def _note_being_current(self) -> None:
        self._is_current_until = time.monotonic() + self._quiet_seconds

    def _given(self, source: Source, chunk: Chunk) -> Chunk:
        self._cursor = chunk.cursor
        self._on_chunk(source)
        return chunk

    def _has_passed(self, told: Told) -> bool:
        is_of_this_feed = told.begin.epoch == self._cursor.epoch
        return is_of_this_feed and self._cursor.seen.covers(told.end)

    async def _up_to(self, told: Told | None) -> AsyncGenerator[Chunk]:
        """From the database: up to where the told batch ends, so that the next one begins here; else up to where the feed does."""
        cursor = self._cursor
        end = await end_for(self._reader, cursor)
        if told is not None and self._leads_to(told, end):
            end = told.end
        async with aclosing(chunks_until(self._reader, cursor, end)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _leads_to(self, told: Told, end: Place) -> bool:
        """Whether the told batch ends between here and the end of the feed."""
        is_of_this_feed = told.begin.epoch == self._cursor.epoch
        return is_of_this_feed and told.end.covers(self._cursor.seen) and end.covers(told.end)
