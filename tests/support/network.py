"""A network between a client and a server that a test can cut, and that can lose an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

SOCKET = ".s.PGSQL.5432"


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
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def url(self) -> str:
        """The server, through this network."""
        return f"http://127.0.0.1:{self._own_port}"

    async def mend(self) -> None:
        """Let connections through; always at the same port."""
        self._listener = await self._listen()

    def stall(self) -> None:
        """Let nothing through, and break nothing either."""
        self._flows.clear()

    def flow(self) -> None:
        """Let through what waited, and all after it."""
        self._flows.set()

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._listener is not None:
            self._listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _listen(self) -> asyncio.Server:
        listener = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        self._own_port = listener.sockets[0].getsockname()[1]
        return listener

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there, back = await self._dial()
            try:
                async with asyncio.TaskGroup() as group:
                    up = group.create_task(self._copy(reader, back))
                    group.create_task(self._answer(there, writer, up))
            except* OSError:
                pass  # one end is gone; the other is told by closing
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
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        up.cancel()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()


class SocketNetwork(Network):
    """The same between two folders with the sockets of a PostgreSQL server."""

    def __init__(self, server: Path, ours: Path) -> None:
        super().__init__("")
        self._server, self._ours = server / SOCKET, ours / SOCKET

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._accept, self._ours)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self._server)


@asynccontextmanager
async def network_to(url: str) -> AsyncIterator[Network]:
    """A network to a server, in one piece."""
    network = Network(url)
    await network.mend()
    try:
        yield network
    finally:
        await network.cut()
