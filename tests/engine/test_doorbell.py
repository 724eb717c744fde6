"""The doorbell rings after a commit, soon, and whatever else the process does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from holdfast.config import Settings
from holdfast.engine import connections
from holdfast.engine.doorbell import CHANNEL
from holdfast.engine.postgres import PostgresEngine
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sql import connected


@pytest.fixture
async def rings(holdfast_url: str) -> AsyncIterator[asyncio.Queue[None]]:
    """What a listener hears from now on."""
    heard: asyncio.Queue[None] = asyncio.Queue()
    listener = await connections.connect(holdfast_url, Settings())
    await listener.add_listener(CHANNEL, lambda *_: heard.put_nowait(None))
    yield heard
    listener.terminate()


async def test_a_program_that_ends_after_its_write_has_rung(
    holdfast_url: str, rings: asyncio.Queue[None]
) -> None:
    engine = PostgresEngine(holdfast_url, settings=Settings())
    await engine.open()
    await engine.call("create_execution", name="x")
    await engine.close()
    await asyncio.wait_for(rings.get(), PATIENCE_SECONDS)


async def test_it_does_not_wait_behind_other_writes(
    holdfast_url: str, rings: asyncio.Queue[None]
) -> None:
    engine = PostgresEngine(holdfast_url, settings=Settings(pool_size=1))
    await engine.open()
    execution_id = await engine.call_value("create_execution", name="x")
    await asyncio.wait_for(rings.get(), PATIENCE_SECONDS)
    async with connected(holdfast_url) as connection, connection.transaction():
        await connection.execute(
            "select from holdfast.agent_executions where id = $1 for update", execution_id
        )
        written = asyncio.create_task(engine.call("create_execution", name="y"))
        blocked = asyncio.create_task(engine.call("start_execution", execution_id=execution_id))
        await written
        await asyncio.wait_for(rings.get(), PATIENCE_SECONDS)
        assert not blocked.done(), "the only connection is in use"
    await blocked
    await engine.close()
