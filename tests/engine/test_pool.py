"""A pool gives no connection again that is of no use, and closes all that it has."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from holdfast.config import Settings
from holdfast.engine import connections
from holdfast.engine.connections import Connection
from holdfast.engine.pool import Pool
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable
from tests.support.sql import connected


async def test_a_pool_closes_also_connections_that_are_lost_already(database_url: str) -> None:
    made: list[Connection] = []

    async def connect() -> Connection:
        made.append(await connections.connect(database_url, Settings()))
        return made[-1]

    pool = Pool(connect, size=1)
    await pool.open()
    sending = made[0]._transport.get_extra_info("socket")  # type: ignore[attr-defined]
    sending.shutdown(socket.SHUT_WR)  # what is written from here on meets a broken pipe

    await pool.close()  # would raise

    assert made[0].is_closed()


async def test_who_came_to_a_standby_comes_to_the_primary_next_time(holdfast_url: str) -> None:
    database = urlsplit(holdfast_url).path.removeprefix("/")
    read_only = f'alter database "{database}" set default_transaction_read_only = '
    async with connected(holdfast_url) as before:
        await before.execute(f"{read_only} on")
        engine = PostgresEngine(holdfast_url, settings=Settings())
        await engine.open()
        try:
            with pytest.raises(DatabaseUnavailable, match="takes no changes") as refused:
                await engine.call("create_execution", name="one")
            assert "primary" in str(refused.value.hint)
            await before.execute(f"{read_only} off")
            assert await engine.call("create_execution", name="two")
        finally:
            await engine.close()
