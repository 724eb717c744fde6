"""A network between a client and a server that a test can cut, and that can lose an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Network:
    """Forwards connections to a server's port."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._listener: asyncio.Server | None = None
        self._own_port = 0
        self._connections: set[asyncio.Task[None]] = set()
        self.answers_to_lose = 0
        """How many of the next connections that are answered break before the answer comes through."""
        self.lost = 0

    @property
    def url(self) -> str:
        """The server, through this network."""
        return f"http://127.0.0.1:{self._own_port}"

    async def mend(self) -> None:
        """Let connections through; always at the same port."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        self._own_port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._listener is not None:
            self._listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(self._host, self._port)
            try:
                async with asyncio.TaskGroup() as group:
                    up = group.create_task(_copy(reader, back))
                    group.create_task(self._answer(there, writer, up))
            finally:
                back.close()
        writer.close()

    async def _answer(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, up: asyncio.Task[None]
    ) -> None:
        while data := await there.read(65536):
            if self.answers_to_lose:
                self.answers_to_lose -= 1
                self.lost += 1
                break
            writer.write(data)
            await writer.drain()
        up.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def network_to(url: str) -> AsyncIterator[Network]:
    """A network to a server, in one piece."""
    network = Network(url)
    await network.mend()
    try:
        yield network
    finally:
        await network.cut()
