"""A server to be killed, with a fresh database for each bout."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from holdfast.config import Settings
from holdfast.engine import connections, migrate
from tests.support.crashing import CrashableServer, crashable_server
from tests.support.servers import binaries_of

_TEMPLATE = "chaos_template"


class Arena:
    """Where bouts take place, one after the other."""

    def __init__(self, server: CrashableServer) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    async def prepare(self) -> None:
        """Start the server, with a migrated database to copy."""
        await self.server.start()
        await self._run(f"create database {_TEMPLATE}")
        connection = await connections.connect(self.server.url_of(_TEMPLATE), Settings())
        await migrate.migrate(connection)
        await connection.close()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """A fresh, migrated database."""
        name = f"bout_{next(self._numbers)}"
        await self._run(f"create database {name} template {_TEMPLATE} strategy file_copy")
        yield name
        await self._run(f"drop database {name} with (force)")

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def arena() -> AsyncIterator[Arena]:
    """An arena; the server is gone when the block ends."""
    with crashable_server(binaries_of("18")) as server:
        made = Arena(server)
        await made.prepare()
        yield made
