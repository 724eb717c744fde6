"""Frames as bytes, as they go to the network: of the WebSocket, and of a stream of server-sent events.

What many subscribers are given alike is encoded once. The WebSocket's own framing is a part of that: a server's frames
carry no mask and, as we serve them, no compression, so they are the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.live.items import Group, Item, json_text
from holdfast.live.outbox import Events, Frame

_TEXT = b"\x81"  # a whole text frame (RFC 6455, section 5.2)
_IN_ONE_BYTE, _IN_TWO_BYTES = 126, 2**16
_STREAM = "\0"
"""The name of a group's encoding for event streams, which no subscription has."""


def socket_frames(frames: Iterable[Frame]) -> bytes:
    """Frames as a WebSocket's server sends them."""
    return b"".join([_socket_frame(frame) for frame in frames])


def stream_text(frames: Iterable[Frame]) -> bytes:
    """Frames as a stream of server-sent events; what a cursor stands behind carries it as its id."""
    return b"".join([_stream_frame(frame) for frame in frames])


def _socket_frame(frame: Frame) -> bytes:
    if isinstance(frame, Events):
        return frame.group.encoded(frame.subscription, _socket_group)
    return _framed(json_text(frame.fields))


def _socket_group(group: Group, subscription: str) -> bytes:
    head = f'{{"type":"event","id":{json_text(subscription)},'
    texts = [f"{head}{item.text}}}" for item in group.items]
    joined = ",".join(texts)
    return _framed(joined if len(texts) == 1 else f'{{"type":"events","items":[{joined}]}}')


def _framed(text: str) -> bytes:
    r"""A text as one frame.

    >>> _framed("{}")
    b'\x81\x02{}'
    """
    payload = text.encode()
    size = len(payload)
    if size < _IN_ONE_BYTE:
        head = size.to_bytes(1, "big")
    elif size < _IN_TWO_BYTES:
        head = b"\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x7f" + size.to_bytes(8, "big")
    return _TEXT + head + payload


def _stream_frame(frame: Frame) -> bytes:
    if isinstance(frame, Events):
        return frame.group.encoded(_STREAM, _stream_group)
    fields = {name: value for name, value in frame.fields.items() if name != "id"}
    return _sse(fields["type"], json_text(fields), fields.get("cursor")).encode()


def _stream_group(group: Group, _: str) -> bytes:
    return "".join([_event(item) for item in group.items]).encode()


def _event(item: Item) -> str:
    return _sse("event", f"{{{item.text}}}", None if item.cursor is None else str(item.cursor))


def _sse(type_: str, data: str, cursor: str | None) -> str:
    head = f"id: {cursor}\n" if cursor is not None else ""
    return f"{head}event: {type_}\ndata: {data}\n\n"
