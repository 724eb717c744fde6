"""Frames as text: for a WebSocket one message for all that waits, for SSE a field for each line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.live.items import Item, json_text
from holdfast.live.outbox import Events, Frame


def messages(frames: Iterable[Frame]) -> Iterator[str]:
    """The WebSocket messages for frames: events that follow each other go into one."""
    waiting: list[str] = []
    count = 0
    for frame in frames:
        if isinstance(frame, Events):
            waiting.append(frame.group.text(frame.subscription))
            count += len(frame.group.items)
            continue
        if waiting:
            yield _events(waiting, count)
            waiting, count = [], 0
        yield json_text(frame.fields)
    if waiting:
        yield _events(waiting, count)


def stream_text(frames: Iterable[Frame]) -> str:
    """Frames as a stream of server-sent events; what a cursor stands behind carries it as its id."""
    parts: list[str] = []
    for frame in frames:
        if isinstance(frame, Events):
            parts += [_event(item) for item in frame.group.items]
        else:
            fields = {name: value for name, value in frame.fields.items() if name != "id"}
            parts.append(_sse(fields["type"], json_text(fields), fields.get("cursor")))
    return "".join(parts)


def _events(texts: list[str], count: int) -> str:
    joined = ",".join(texts)
    return joined if count == 1 else f'{{"type":"events","items":[{joined}]}}'


def _event(item: Item) -> str:
    return _sse("event", f"{{{item.text}}}", None if item.cursor is None else str(item.cursor))


def _sse(type_: str, data: str, cursor: str | None) -> str:
    head = f"id: {cursor}\n" if cursor is not None else ""
    return f"{head}event: {type_}\ndata: {data}\n\n"
