"""An event as it is handed to subscribers: encoded once, however many there are."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
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
    """Items that belong to one subscription, in order, put into a frame's text at most once."""

    __slots__ = ("_texts", "items", "size")

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)
        self.size = sum(len(item.text) + 40 for item in self.items)
        self._texts: dict[str, str] = {}

    def text(self, subscription: str) -> str:
        """The items as the frames of a subscription, separated by commas."""
        text = self._texts.get(subscription)
        if text is None:
            head = f'{{"type":"event","id":{json_text(subscription)},'
            text = ",".join([f"{head}{item.text}}}" for item in self.items])
            self._texts[subscription] = text
        return text


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
