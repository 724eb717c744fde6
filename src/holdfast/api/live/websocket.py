"""The WebSocket: many subscriptions over one connection."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from holdfast.api.access import Caller, caller, named_venture
from holdfast.api.gateway import Gateway, gateway_of
from holdfast.api.live.closing import CloseCode, Closing, Gone, closing_for
from holdfast.api.live.connection import PING_SECONDS, Connection
from holdfast.api.live.messages import Ping, Pong, Subscribe, Unsubscribe, message_of
from holdfast.api.live.socket import write_frames, write_frames_at_once
from holdfast.api.origins import is_own_origin
from holdfast.errors import HoldfastError, NotAllowed
from holdfast.live.hub import Hub
from holdfast.live.outbox import Frame, Notice
from holdfast.live.wire import socket_frames

PROTOCOL = "holdfast.v1"
PONG_SECONDS = 8.0
CLOSE_SECONDS = 5.0

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Follow the feed; docs/reference/live.md says how."""
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(PROTOCOL if PROTOCOL in offered else None)
    gateway = gateway_of(socket)
    with gateway.open_connection():
        closing = await _serve(socket, gateway)
        if closing is not None:
            await _close(socket, closing)


async def _serve(socket: WebSocket, gateway: Gateway) -> Closing | None:
    try:
        who = await _let_in(socket, gateway)
        return await SocketConnection(socket, gateway=gateway, caller=who).run()
    except HoldfastError as error:
        return closing_for(error)


async def _let_in(socket: WebSocket, gateway: Gateway) -> Caller:
    origin = socket.headers.get("origin")
    host = socket.headers.get("host", "")
    if origin is not None and not is_own_origin(origin, host, gateway.settings):
        raise NotAllowed(
            f"A page of {origin} may not connect here.", hint="api_origins allows other pages."
        )
    return await caller(socket)


async def _close(socket: WebSocket, closing: Closing) -> None:
    """Say why, if the client still hears it."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(closing.code, closing.reason)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return


class SocketConnection(Connection):
    """A client that speaks the protocol `holdfast.v1`."""

    transport = "websocket"

    def __init__(self, socket: WebSocket, *, gateway: Gateway, caller: Caller) -> None:
        super().__init__(gateway=gateway, hub=gateway.parts[Hub], caller=caller)
        self._socket = socket
        self._heard = asyncio.Event()

    async def write(self, frames: list[Frame]) -> None:
        """Write what waits; a client that does not read holds this up."""
        try:
            await write_frames(self._socket.scope, socket_frames(frames))
        except ConnectionError as error:
            raise Gone from error

    def write_at_once(self, frame: Frame) -> bool:
        """Write a frame if the client has room for it."""
        return write_frames_at_once(self._socket.scope, socket_frames((frame,)))

    async def listen(self) -> None:
        """Do what the client says; what cannot be understood is told to it."""
        await self._greet()
        while True:
            text = await self._receive()
            self._heard.set()
            try:
                await self._take(text)
            except HoldfastError as error:
                self.tell_error(error)

    async def beat(self) -> None:
        """Ping, and wait for any sign of life."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            self.mark()
            self._heard.clear()
            self.outbox.put(Notice(fields={"type": "ping"}))
            try:
                async with asyncio.timeout(PONG_SECONDS):
                    await self._heard.wait()
            except TimeoutError:
                raise Closing(CloseCode.SILENT, "No pong came in time.") from None

    async def _greet(self) -> None:
        here = await self.hub.settled()
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        hello = {"type": "hello", "epoch": here.epoch, "server_time": now}
        self.outbox.put(Notice(fields=hello))

    async def _receive(self) -> str:
        try:
            message = await self._socket.receive()
        except RuntimeError as error:
            raise Gone from error
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        if text is None:
            self._heard.set()
            raise Closing(CloseCode.NOT_ALLOWED, "Frames are text, not bytes.")
        return str(text)

    async def _take(self, text: str) -> None:
        match message_of(text):
            case Subscribe() as asked:
                venture = asked.venture or named_venture(self._socket)
                try:
                    await self.subscribe(asked.id, asked.asking(), venture)
                except HoldfastError as error:
                    self.tell_error(error, asked.id)
            case Unsubscribe(id=id_):
                self.unsubscribe(id_)
            case Ping():
                self.outbox.put(Notice(fields={"type": "pong"}))
            case Pong():
                pass
