"""uvicorn's connections, which wait for no client that does not read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

MOST_BYTES = 64 * 1024
"""The largest frame that a client may send."""
ABORT_SECONDS = 15.0
UNHEARD_SECONDS = 60
_FRAMES = "holdfast.frames"
_HANG_UP = "holdfast.hang_up"

SETTINGS: dict[str, Any] = {
    "ws_max_size": MOST_BYTES,
    "ws_ping_interval": None,  # the protocol has its own, which pages in a browser can see
    "ws_per_message_deflate": False,  # it costs more memory and time per client than all the rest
}


class LiveWebSocket(WebSocketsSansIOProtocol):
    """Says goodbye even to a client whose buffer is full, and hangs up if it does not answer.

    Frames that are ready as bytes go past all that would make them anew for each client.
    """

    def handle_connect(self, event: Request) -> None:
        """Give the application a way to write frames."""
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["extensions"][_FRAMES] = {
                "write": self._write_frames,
                "write_at_once": self._write_frames_at_once,
            }

    async def _write_frames(self, data: bytes) -> None:
        await self.writable.wait()
        if self._is_over():
            raise ConnectionError
        self.transport.write(data)

    def _write_frames_at_once(self, data: bytes) -> bool:
        if not self.writable.is_set() or self._is_over():
            return False
        self.transport.write(data)
        return True

    def _is_over(self) -> bool:
        return self.disconnected or self.close_sent or self.transport.is_closing()

    async def send(self, message: Any) -> None:
        """Send; a closing one does not wait for room."""
        if message["type"] == "websocket.close":
            self.writable.set()
            asyncio.get_running_loop().call_later(ABORT_SECONDS, self.transport.abort)
        await super().send(message)


class LiveHttp(HttpToolsProtocol):
    """Lets an answer that goes on for ever end although its client does not read."""

    def on_headers_complete(self) -> None:
        """Give the request a way to hang up."""
        self.scope["extensions"] = {_HANG_UP: {"now": self._hang_up}}
        super().on_headers_complete()

    def _hang_up(self) -> None:
        self.cycle.keep_alive = False
        self.flow.resume_writing()
        self.loop.call_later(ABORT_SECONDS, self.transport.abort)


async def write_frames(scope: MutableMapping[str, Any], data: bytes) -> None:
    """Write whole frames to a WebSocket as soon as there is room.

    Raises:
        ConnectionError: it is closed, or closing.
    """
    await scope["extensions"][_FRAMES]["write"](data)


def write_frames_at_once(scope: MutableMapping[str, Any], data: bytes) -> bool:
    """Write whole frames to a WebSocket if there is room; says whether it did."""
    written: bool = scope["extensions"][_FRAMES]["write_at_once"](data)
    return written


def hang_up(scope: Scope) -> None:
    """What is sent next waits for no room, and a little later the connection is gone, read or not."""
    scope["extensions"][_HANG_UP]["now"]()


def give_up_on_the_unheard(listening: socket.socket) -> None:
    """Have the kernel end connections whose other side takes in nothing; they have it from the socket that listens."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_SECONDS * 1000)
