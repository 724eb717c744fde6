"""The bus: one NATS for all gateways. It may lose, delay, double and reorder whatever it carries, or be away: that is nobody's error."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from holdfast.engine.background import Background
from holdfast.errors import ConfigError

if TYPE_CHECKING:  # few have the library
    from nats.aio.client import Client
    from nats.aio.msg import Msg

RECONNECT_SECONDS = 1
ATTEND_SECONDS = 0.25
ANSWER_SECONDS = 5
PING_SECONDS = 10
MOST_HEARD_BYTES = 8 * 1024 * 1024
MOST_PENDING_BYTES = 8 * 1024 * 1024
_BESIDE_A_MESSAGE_BYTES = 100

logger = logging.getLogger("holdfast")


class Ear:
    """What was heard of a subject and not taken yet; what finds no room is dropped."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._heard: deque[bytes] = deque()
        self._bytes = 0
        self._something = asyncio.Event()

    def hear(self, message: bytes) -> None:
        """Keep a message, where there is room."""
        size = len(message) + _BESIDE_A_MESSAGE_BYTES
        if self._bytes + size <= MOST_HEARD_BYTES:
            self._heard.append(message)
            self._bytes += size
            self._something.set()

    async def next(self, at_most_seconds: float) -> bytes | None:
        """The oldest message that was not taken yet, as soon as there is one; `None` when the time is over.

        An empty one says that what came before it may not have been heard.
        """
        if not self._heard:
            self._something.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most_seconds):
                    await self._something.wait()
        if not self._heard:
            return None
        message = self._heard.popleft()
        self._bytes -= len(message) + _BESIDE_A_MESSAGE_BYTES
        return message


class Bus(Background):
    """Carries messages between gateways while it is there; nobody ever waits for it."""

    name = "bus"

    def __init__(self, url: str) -> None:
        """Nothing is connected before it is started.

        Raises:
            ConfigError: that is no address of a NATS server, or its library is not installed.
        """
        super().__init__()
        self._servers = _servers(url)
        self._make_client = _library()
        self._client: Client | None = None
        self._ears: set[Ear] = set()
        self._ears_changed = asyncio.Event()
        self._was_missed = False

    async def stop(self) -> None:
        """End it; stopping twice is safe."""
        task, self._task = self._task, None
        while task is not None and not task.done():
            task.cancel()  # again, since asyncio loses one that comes just when a connection fails
            await asyncio.wait({task}, timeout=ATTEND_SECONDS)

    @property
    def is_there(self) -> bool:
        """Whether it can be heard now."""
        return self._client is not None and self._client.is_connected

    async def publish(self, subject: str, message: bytes) -> None:
        """Send a message to all others; where that would mean to wait, it is dropped."""
        client = self._client
        if client is None or not client.is_connected:
            return
        if client.pending_data_size + len(message) <= MOST_PENDING_BYTES:
            with suppress(Exception):
                await client.publish(subject, message)

    @contextmanager
    def hearing(self, subject: str) -> Iterator[Ear]:
        """An ear for a subject, which hears while the bus is there."""
        ear = Ear(subject)
        self._ears.add(ear)
        self._ears_changed.set()
        try:
            yield ear
        finally:
            self._ears.remove(ear)
            self._ears_changed.set()

    async def _go_on(self) -> None:
        while True:
            client = self._make_client()
            try:
                await self._connect(client)
                self._found()
                self._client = client
                await self._attend(client)
            except Exception as error:  # an address may be that of another program's server
                await self._miss(error)
            finally:
                self._client = None
                with suppress(Exception):
                    await asyncio.wait_for(client.close(), ANSWER_SECONDS)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _connect(self, client: Client) -> None:
        """Try until a server answers; a connection that is lost later is ours to make anew."""
        await client.connect(
            self._servers,
            name="holdfast",
            error_cb=self._miss,
            allow_reconnect=False,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,
            connect_timeout=ANSWER_SECONDS,
            ping_interval=PING_SECONDS,
            no_echo=True,
            pending_size=2 * MOST_PENDING_BYTES,  # so that it never waits for room
        )

    async def _attend(self, client: Client) -> None:
        """Have the server send what there are ears for, for as long as it is there."""
        heard: dict[Ear, Any] = {}
        while client.is_connected:
            self._ears_changed.clear()
            for ear in [ear for ear in heard if ear not in self._ears]:
                await heard.pop(ear).unsubscribe()
            for ear in self._ears - heard.keys():
                heard[ear] = await client.subscribe(ear.subject, cb=_told_to(ear))
                await client.flush(ANSWER_SECONDS)
                ear.hear(b"")
            with suppress(TimeoutError):
                async with asyncio.timeout(ATTEND_SECONDS):
                    await self._ears_changed.wait()

    async def _miss(self, error: Exception) -> None:
        if not self._was_missed:
            self._was_missed = True
            logger.warning("The bus is away, so this gateway reads the database: %s", error)

    def _found(self) -> None:
        if self._was_missed:
            self._was_missed = False
            logger.info("The bus is there.")


def _told_to(ear: Ear) -> Any:
    async def hear(message: Msg) -> None:
        ear.hear(message.data)

    return hear


def _servers(url: str) -> list[str]:
    """The addresses of one NATS, which are never shown: they may hold a password."""
    servers = [server.strip() for server in url.split(",")]
    if not all(map(_is_address, servers)):
        raise ConfigError(
            "nats_url is not the address of a NATS server.",
            hint="Give one such as nats://nats.internal:4222, or several of one cluster with commas between them.",
        )
    return servers


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme in ("nats", "tls") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        return False


def _library() -> type[Client]:
    try:
        from nats.aio.client import Client  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError(
            "nats_url is set, and the library that speaks with NATS is not installed.",
            hint='Install it with Holdfast: pip install "holdfast[nats]"',
        ) from error
    return Client
