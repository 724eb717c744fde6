"""Hears the doorbell, and polls as the net under it."""

from __future__ import annotations

import asyncio
import contextlib

from holdfast.engine.background import Background
from holdfast.engine.calls import Engine
from holdfast.engine.connections import Connection
from holdfast.engine.doorbell import CHANNEL
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError


class Listener(Background):
    """Wakes who waits when somebody rang, or when the poll is due.

    A lost connection, or a pooler through which LISTEN does not work, costs latency only.
    """

    name = "listener"

    def __init__(self, engine: Engine, *, poll_seconds: float) -> None:
        super().__init__()
        self._engine = engine
        self._poll_seconds = poll_seconds
        self._rings = 0
        self._rang = asyncio.Event()

    @property
    def rings(self) -> int:
        """How often somebody rang so far; read before looking, it makes `wait` miss nothing."""
        return self._rings

    def ring(self) -> None:
        """Wake everybody who waits in this process."""
        self._rings += 1
        rang, self._rang = self._rang, asyncio.Event()
        rang.set()

    async def wait(self, rings: int) -> None:
        """Return once there was a ring after the given count, or when the poll is due."""
        if self._rings > rings:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._rang.wait()

    async def _go_on(self) -> None:
        if not isinstance(self._engine, PostgresEngine):
            return  # no bell is heard through a server: waiting is polling
        while True:
            with contextlib.suppress(HoldfastError):
                async with self._engine.own_connection() as connection:
                    await self._hear(connection)
            await asyncio.sleep(self._poll_seconds)

    async def _hear(self, connection: Connection) -> None:
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())

        await connection.add_listener(CHANNEL, lambda *_: self.ring())
        await closed.wait()
