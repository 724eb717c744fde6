"""A pool of connections that costs a call next to nothing.

asyncpg's own gives each connection back in a task of its own and resets it. Connections that carry no state between
calls need neither, and it was half of what a call cost the calling process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from holdfast.engine import connections
from holdfast.engine.connections import Connection

CLOSE_SECONDS = 10.0

_Result = TypeVar("_Result")


class Pool:
    """At most so many connections, opened when they are needed; the one used last is used first."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, size: int) -> None:
        self._connect = connect
        self._size = size
        self._room = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    async def using(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        """Do something on a connection that nobody else uses, once there is one."""
        async with self._room:
            return await self.using_at_once(work)

    async def using_at_once(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        """The same without waiting for one: if all are in use, one more is opened, and stays."""
        connection = await self._take()
        try:
            result = await work(connection)
        except (
            asyncpg.ReadOnlySQLTransactionError
        ):  # the next may lead to the server that is the primary now
            connection.terminate()
            raise
        except Exception:  # refused: the connection is as good as before, unless it broke
            self._idle.append(connection)
            raise
        except BaseException:  # cancelled: an answer nobody waits for may still come
            connection.terminate()
            raise
        self._idle.append(connection)
        return result

    async def open(self) -> None:
        """Open the first connection, so that a wrong address is told at once."""
        async with self._room:
            self._idle.append(await self._take())

    async def close(self) -> None:
        """Wait until no connection is in use, then close all; whoever comes later is refused."""
        self._closed = True
        for _ in range(self._size):
            await self._room.acquire()
        while self._idle:
            # One that the server has ended already cannot be told goodbye; nobody waits for its answer either.
            with contextlib.suppress(*connections.DRIVER_ERRORS):
                await self._idle.pop().close(timeout=CLOSE_SECONDS)
        for _ in range(self._size):
            self._room.release()

    async def _take(self) -> Connection:
        if self._closed:
            raise asyncpg.InterfaceError("the connection was closed meanwhile")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await self._connect()
