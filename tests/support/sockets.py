"""Real clients of the live endpoints: what they were given, over a real connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import websockets
from websockets.asyncio.client import ClientConnection

from tests.support.api import Server
from tests.support.feed import Key
from tests.support.patience import PATIENCE_SECONDS

PROTOCOL = "holdfast.v1"


def live_url(server: Server) -> str:
    """Where the WebSocket is."""
    return server.url.replace("http", "ws", 1) + "/api/v1/live?venture=acme"


class Socket:
    """A client of the WebSocket that keeps what it was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: list[dict[str, Any]] = []
        self.keys: list[Key] = []
        self.events: list[dict[str, Any]] = []
        self.cursor: str | None = None
        self.answers = True

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id_: str = "a", **asked: Any) -> None:
        await self.say(type="subscribe", id=id_, **asked)
        await self.until("caught_up")

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        self.told.append(message)
        if message["type"] == "ping" and self.answers:
            await self.say(type="pong")
        for item in message.get("items", [message] if message["type"] == "event" else []):
            self.events.append(item["event"])
            self.keys.append(key_of(item["event"]))
            self.cursor = item["cursor"] or self.cursor
        if message["type"] in ("subscribed", "caught_up", "reset"):
            self.cursor = message["cursor"]
        return message

    async def until(self, type_: str) -> dict[str, Any]:
        """Hear until a message of a type."""
        while True:
            message = await self.hear()
            if message["type"] == type_:
                return message

    async def until_events(self, count: int) -> list[dict[str, Any]]:
        while len(self.events) < count:
            await self.hear()
        return self.events

    async def closed(self) -> tuple[int, str]:
        """With which code and reason it is closed."""
        try:
            while True:
                await self.hear()
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, closed.rcvd.reason


@asynccontextmanager
async def socket_to(
    server: Server, role: str | None = "viewer", *, url: str | None = None, **options: Any
) -> AsyncIterator[Socket]:
    """A connection with the token of a role, or with none."""
    headers = {**(server.headers(role) if role else {}), **options.pop("headers", {})}
    async with websockets.connect(
        url or live_url(server),
        additional_headers=headers,
        subprotocols=[websockets.Subprotocol(PROTOCOL)],
        compression=None,
        ping_interval=None,
        **options,
    ) as connection:
        yield Socket(connection)


def key_of(event: dict[str, Any]) -> Key:
    """What makes a CloudEvent one of its kind."""
    return UUID(event["subject"]), int(event["sequence"])
