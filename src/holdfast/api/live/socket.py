"""The WebSocket of uvicorn, which waits for no client that does not read."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_BYTES = 64 * 1024
"""The largest frame that a client may send."""
ABORT_SECONDS = 15.0

SETTINGS: dict[str, Any] = {
    "ws_max_size": MOST_BYTES,
    "ws_ping_interval": None,  # the protocol has its own, which pages in a browser can see
    "ws_per_message_deflate": False,  # it costs more memory and time per client than all the rest
}


class LiveWebSocket(WebSocketsSansIOProtocol):
    """Says goodbye even to a client whose buffer is full, and hangs up if it does not answer."""

    async def send(self, message: Any) -> None:
        """Send; a closing one does not wait for room."""
        if message["type"] == "websocket.close":
            self.writable.set()
            asyncio.get_running_loop().call_later(ABORT_SECONDS, self.transport.abort)
        await super().send(message)
