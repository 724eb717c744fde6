"""Subscribers in a process of their own: a few that measure, and many that only read.

    python -m bench._live_clients TOKEN VENTURE STREAM COUNT URL...

It says `ready` when all are caught up, and at the end of its input how long each measured event took, in milliseconds.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import uvloop
import websockets

MEASURING = 5
_AT_ONCE = 50


class Draining(asyncio.Protocol):
    """A client that costs next to nothing: it subscribes, and reads bytes."""

    def __init__(
        self, host: str, token: str, subscribe: bytes, ready: asyncio.Future[None]
    ) -> None:
        self._head = (
            f"GET /api/v1/live HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Sec-WebSocket-Protocol: holdfast.v1\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        self._subscribe = subscribe
        self._ready = ready
        self._begun = False
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = transport
        self._transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        """Subscribe when the server greets; look for nothing but being caught up."""
        if not self._begun:
            self._begun = True
            self._transport.write(_frame(self._subscribe))
        if not self._ready.done() and b'"caught_up"' in data:
            self._ready.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that does not let it in must not look like a slow one."""
        if not self._ready.done():
            self._ready.set_exception(ConnectionError(str(exc)))


def _frame(payload: bytes) -> bytes:
    """A text frame as clients send it, under a mask of zeros."""
    assert 126 <= len(payload) < 65536
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


async def main(token: str, venture: str, stream: str, count: int, urls: list[str]) -> None:
    subscribe = json.dumps(
        {"type": "subscribe", "id": "a" * 32, "venture": venture, "streams": [stream]}
    )
    took: list[float] = []
    measuring = [
        asyncio.create_task(_measure(urls[n % len(urls)], token, subscribe, took))
        for n in range(min(MEASURING, count))
    ]
    loop = asyncio.get_running_loop()
    for begin in range(0, max(0, count - MEASURING), _AT_ONCE):
        ready = []
        for n in range(begin, min(begin + _AT_ONCE, count - MEASURING)):
            place = urlsplit(urls[n % len(urls)])
            done: asyncio.Future[None] = loop.create_future()
            ready.append(done)
            await loop.create_connection(
                lambda p=place, d=done: Draining(p.netloc, token, subscribe.encode(), d),  # type: ignore[misc]
                place.hostname or "127.0.0.1",
                place.port or 80,
            )
        await asyncio.gather(*ready)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in measuring:
        task.cancel()
    await asyncio.gather(*measuring, return_exceptions=True)
    print(json.dumps(took), flush=True)


async def _measure(url: str, token: str, subscribe: str, took: list[float]) -> None:
    async with websockets.connect(
        url.replace("http", "ws", 1) + "/api/v1/live",
        additional_headers={"Authorization": f"Bearer {token}"},
        subprotocols=[websockets.Subprotocol("holdfast.v1")],
        compression=None,
    ) as connection:
        await connection.send(subscribe)
        async for text in connection:
            now = time.time()
            message = json.loads(text)
            for item in message.get("items", [message] if "event" in message else []):
                written = datetime.fromisoformat(item["event"]["time"]).timestamp()
                took.append((now - written) * 1000)


if __name__ == "__main__":
    _, token_, venture_, stream_, count_, *urls_ = sys.argv
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(token_, venture_, stream_, int(count_), urls_))
