"""An event as it is handed to subscribers: encoded once, however many there are."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from holdfast.live.cursor import Cursor
from holdfast.model.events import Event


class Item:
    """An event, the cursor behind it, and both as text."""

    __slots__ = ("cursor", "event", "stream", "text")

    def __init__(self, event: Event, cursor: Cursor | None) -> None:
        """Encode it.

        Args:
            event: what happened.
            cursor: where the feed goes on behind it; unset while a client is brought up stream by
                stream, and no place in the feed says what it has.
        """
        self.event = event
        self.cursor = cursor
        self.stream = str(event.stream_id)
        told = json_text(None if cursor is None else str(cursor))
        self.text = f'"cursor":{told},"event":{json_text(event.as_cloudevent())}'

    @property
    def key(self) -> tuple[str, int]:
        """What makes it one of its kind."""
        return self.stream, self.event.seq


class Group:
    """Items that belong to one subscription, in order, encoded at most once for all that are given the same."""

    __slots__ = ("_encoded", "items", "size")

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)
        self.size = sum(len(item.text) + 40 for item in self.items)
        self._encoded: dict[str, bytes] = {}

    def encoded(self, name: str, encode: Callable[[Group, str], bytes]) -> bytes:
        """The items as bytes under a name, which tells one encoding from another."""
        known = self._encoded.get(name)
        if known is None:
            known = self._encoded[name] = encode(self, name)
        return known


def in_pieces(items: Iterable[Item], *, most_bytes: int) -> deque[Group]:
    """The items in groups of about so many bytes at most."""
    pieces: deque[Group] = deque()
    piece: list[Item] = []
    size = 0
    for item in items:
        piece.append(item)
        size += len(item.text)
        if size >= most_bytes:
            pieces.append(Group(piece))
            piece, size = [], 0
    if piece:
        pieces.append(Group(piece))
    return pieces


def json_text(value: Any) -> str:
    """A value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
