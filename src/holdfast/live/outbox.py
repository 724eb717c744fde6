"""What waits to be written to one client: bounded, in order, never dropped silently."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from holdfast.errors import HoldfastError
from holdfast.live.items import Group

MOST_BYTES = 1024 * 1024


class TooSlow(HoldfastError):
    """The client does not read as fast as events happen, and its queue is full."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Events:
    """Events of one subscription."""

    subscription: str
    group: Group

    @property
    def size(self) -> int:
        """How many bytes it will take, or some more."""
        return self.group.size


@dataclasses.dataclass(frozen=True, kw_only=True)
class Notice:
    """Everything that is no event: `type` and fields."""

    fields: dict[str, Any]
    size: int = 200


Frame: TypeAlias = Events | Notice


def _nothing_is_written_at_once(_: Frame) -> bool:
    return False


class Outbox:
    """A queue of frames up to a number of bytes; past it, whoever takes from it is told `TooSlow`."""

    def __init__(
        self,
        *,
        most_bytes: int = MOST_BYTES,
        write_at_once: Callable[[Frame], bool] = _nothing_is_written_at_once,
    ) -> None:
        """Empty.

        Args:
            most_bytes: how much may wait.
            write_at_once: writes a frame to a client that has room for it, or says that it cannot. It is asked
                where nothing waits, since waking the taker for each frame costs more than writing it.
        """
        self._frames: deque[Frame] = deque()
        self._most_bytes = most_bytes
        self._write_at_once = write_at_once
        self._is_taking = False
        self._bytes = 0
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._over = asyncio.Event()
        self._end: Exception | None = None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is taken in."""
        return self._end is not None

    @property
    def piece_bytes(self) -> int:
        """How much history may be put in at a time, after waiting for room."""
        return self._most_bytes // 8

    @property
    def has_room(self) -> bool:
        """Whether it is less than half full, as who replays history waits for."""
        return self._bytes <= self._most_bytes // 2

    def put(self, frame: Frame) -> None:
        """Add a frame; where there is no room for it, the queue ends."""
        if self._end is not None:
            return
        if self._is_taking and not self._frames and self._was_written(frame):
            return
        self._frames.append(frame)
        self._bytes += frame.size
        self._something.set()
        if self._bytes > self._most_bytes and len(self._frames) > 1:
            self.end(TooSlow())

    def _was_written(self, frame: Frame) -> bool:
        try:
            return self._write_at_once(frame)
        except Exception:  # the taker will meet it too: it is this client's alone, not everybody's
            return False

    def end(self, why: Exception) -> None:
        """Take in nothing more, forget what waits, and tell the taker why; the first reason stays."""
        if self._end is None:
            self._end = why
            self._frames.clear()
            self._bytes = 0
        self._something.set()
        self._room.set()
        self._over.set()

    async def take(self) -> list[Frame]:
        """Everything that waits, once there is something.

        Raises:
            TooSlow: there was more than fits; what was not taken is gone.
        """
        self._is_taking = True
        try:
            await self._something.wait()
        finally:
            self._is_taking = False
        if self._end is not None:
            raise self._end
        self._something.clear()
        frames = list(self._frames)
        self._frames.clear()
        self._bytes = 0
        self._room.set()
        return frames

    async def ended(self) -> None:
        """Return once it has ended."""
        await self._over.wait()

    def raise_end(self) -> None:
        """Raise the reason for which it has ended, if it has."""
        if self._end is not None:
            raise self._end

    async def wait_for_room(self) -> None:
        """Return once it is less than half full, or ended."""
        while not self.has_room and self._end is None:
            self._room.clear()
            await self._room.wait()
