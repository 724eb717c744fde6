from __future__ import annotations

import socket

from holdfast.config import Settings
from holdfast.engine import connections
from holdfast.engine.connections import Connection
from holdfast.engine.pool import Pool


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
