"""Real clients that leave, come back with their cursor, stall, and keep all that they were given."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import httpx2
import websockets
from websockets.asyncio.client import ClientConnection

from tests.support.feed import Key
from tests.support.sockets import PROTOCOL, key_of

LONGEST_WAIT = 0.6
MOST_LEAVES = 8
# What a client meets whose server was killed.
LOST = (OSError, TimeoutError, websockets.WebSocketException, httpx2.HTTPError, httpx2.StreamError)


class Follower(ABC):
    """One client; it follows a venture, or some streams of it, from the start."""

    def __init__(
        self,
        gateways: Sequence[str],
        token: str,
        *,
        venture: str,
        streams: Sequence[UUID] = (),
        leaves_after: int | None = None,
        seed: int = 0,
    ) -> None:
        self.delivered: list[Key] = []
        self.streams = frozenset(streams)
        self.connections = 0
        self.resets = 0
        self.is_live = False
        self.chance = random.Random(seed)
        self._gateways = gateways
        self.headers = {"Authorization": f"Bearer {token}"}
        self.venture = venture
        self.since = "start"
        self._leaves_after = leaves_after
        self._stay = 0

    async def follow(self) -> None:
        """Connect, again and again, as the protocol's rules say."""
        failures = 0
        while True:
            before = len(self.delivered)
            with contextlib.suppress(*LOST):
                self._stay = 0
                await self.connect(self.chance.choice(self._gateways))
            self.is_live = False
            failures = 0 if len(self.delivered) > before else failures + 1
            await asyncio.sleep(self.chance.random() * min(LONGEST_WAIT, 0.05 * 2**failures))

    @abstractmethod
    async def connect(self, gateway: str) -> None:
        """Be connected until the server ends it, or it is time to leave."""

    def wants(self, key: Key) -> bool:
        """Whether an event is one of those that it follows."""
        return not self.streams or key[0] in self.streams

    def keep(self, event: dict[str, Any], cursor: str) -> bool:
        """Keep an event; says whether it is time to leave."""
        self.delivered.append(key_of(event))
        self.since = cursor
        self._stay += 1
        return self._stay == self._leaves_after and self.connections <= MOST_LEAVES

    def hold(self, type_: str, cursor: str) -> None:
        """Hold on to a position that the server tells."""
        self.since = cursor
        self.resets += type_ == "reset"
        self.is_live = self.is_live or type_ == "caught_up"


class SocketFollower(Follower):
    """Over the WebSocket."""

    stalls = False

    async def connect(self, gateway: str) -> None:
        address = gateway.replace("http", "ws", 1) + "/api/v1/live"
        async with websockets.connect(
            address,
            additional_headers=self.headers,
            subprotocols=[websockets.Subprotocol(PROTOCOL)],
            compression=None,
            ping_interval=None,
            close_timeout=0.2,
            open_timeout=30,
            max_size=None,
            sock=self._socket(gateway),
        ) as connection:
            self.connections += 1
            await connection.send(json.dumps(self._subscribe()))
            async for text in connection:
                message = json.loads(text)
                if await self._take(connection, message):
                    return

    def _socket(self, gateway: str) -> socket.socket | None:
        """A connected socket, where it is to be another than the usual one."""
        return None

    def _subscribe(self) -> dict[str, Any]:
        streams = {"streams": [str(stream) for stream in self.streams]} if self.streams else {}
        message = {"type": "subscribe", "id": "a", "venture": self.venture, "since": self.since}
        return message | streams

    async def _take(self, connection: ClientConnection, message: dict[str, Any]) -> bool:
        """Says whether it is time to leave, which may be in the middle of a message."""
        match message["type"]:
            case "event" | "events":
                for item in message.get("items", [message]):
                    if self.keep(item["event"], item["cursor"]):
                        return True
                if self.stalls:
                    await self._stall(connection)
            case "ping":
                await connection.send('{"type":"pong"}')
            case "subscribed" | "caught_up" | "reset" as type_:
                self.hold(type_, message["cursor"])
            case "error":
                raise ConnectionError(message["message"])
        return False

    async def _stall(self, connection: ClientConnection) -> None:
        with not_reading(connection):
            await asyncio.sleep(self.chance.random())


@contextmanager
def not_reading(connection: ClientConnection) -> Iterator[None]:
    """Read nothing while the block runs."""
    connection.transport.pause_reading()
    try:
        yield
    except asyncio.CancelledError:
        connection.transport.abort()  # what lies there unread is in the way of closing it in order
        raise
    connection.transport.resume_reading()


class StreamFollower(Follower):
    """Over server-sent events."""

    async def connect(self, gateway: str) -> None:
        params = {"venture": self.venture, "stream": [str(stream) for stream in self.streams]}
        headers = self.headers | {"Last-Event-ID": self.since}
        async with httpx2.AsyncClient(timeout=httpx2.Timeout(30, read=60)) as client:
            async with client.stream(
                "GET", f"{gateway}/api/v1/live/events", params=params, headers=headers
            ) as answer:
                if answer.status_code != 200:
                    raise ConnectionError(answer.status_code)
                self.connections += 1
                await self._read(answer)

    async def _read(self, answer: httpx2.Response) -> None:
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            if "data" in fields:
                data = json.loads(fields["data"])
                if fields["event"] != "event":
                    self.hold(fields["event"], fields["id"])
                elif self.keep(data["event"], fields["id"]):
                    return
            fields = {}


@asynccontextmanager
async def following(followers: Sequence[Follower]) -> AsyncIterator[None]:
    """Clients that follow while the block runs."""
    tasks = [asyncio.create_task(follower.follow()) for follower in followers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
