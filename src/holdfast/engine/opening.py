"""Which database the settings mean: the given server, or the embedded one, which is started when nobody has yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast.config import Settings
from holdfast.engine import connections, embedded, migrate
from holdfast.engine.embedded import EmbeddedServer
from holdfast.engine.guardian import Guardian
from holdfast.errors import ConfigError, NotMigrated


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database to use, for as long as it is used.

    Raises:
        ConfigError: the settings name a server, which does not give its database away.
    """
    if settings.url is not None:
        raise ConfigError(
            f"This works on the database itself, and url names the server {settings.url}.",
            hint="Run it on that machine, or set HOLDFAST_DATABASE_URL here.",
        )
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = await _joined(data_dir(settings))
    guardian = Guardian(server)
    guardian.start()
    try:
        yield server.url
    finally:
        await guardian.stop()
        await asyncio.to_thread(server.leave)


async def _joined(folder: Path) -> EmbeddedServer:
    """Join the server; who is cancelled meanwhile does not wait for it, and does not keep it either."""
    joining = asyncio.get_running_loop().run_in_executor(None, embedded.join, folder)
    try:
        return await asyncio.shield(joining)
    except asyncio.CancelledError:
        joining.add_done_callback(_leave)
        raise


def _leave(joined: asyncio.Future[EmbeddedServer]) -> None:
    if not joined.cancelled() and joined.exception() is None:
        joined.result().leave()


@asynccontextmanager
async def migrated_database(settings: Settings) -> AsyncIterator[str]:
    """The same, brought up to this version if it is ours alone: a given server is migrated by its owner.

    Where the settings name another machine's `holdfast up`, it is that address: the database is its affair.

    Raises:
        NotMigrated: the given server is not of this version.
    """
    if settings.url is not None:
        yield settings.url
        return
    async with database(settings) as url:
        connection = await connections.connect(url, settings)
        try:
            await connections.translated(lambda: _bring_up(connection, settings), url)
        finally:
            await connection.close()
        yield url


def data_dir(settings: Settings) -> Path:
    """The embedded server's data folder."""
    return settings.data_dir or embedded.default_data_dir(Path.cwd())


async def _bring_up(connection: connections.Connection, settings: Settings) -> None:
    if await migrate.is_current(connection):
        return
    if settings.database_url is not None:
        raise NotMigrated(hint="Run: holdfast db migrate")
    await migrate.migrate(connection)
