"""The doorbell rings after a commit, soon, and whatever else the process does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine import connections
from holdfast.engine.calls import is_heard
from holdfast.engine.doorbell import CHANNEL
from holdfast.engine.postgres import PostgresEngine
from holdfast.runtime.worker import Worker
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sql import call, call_row, connected

CATALOGUE = {"format": 1, "schemas": ["public"], "objects": {}}
# Parts of policies, views and queries: nobody calls them by themselves.
PARTS = {
    "feed_epoch",
    "feed_floor",
    "is_for",
    "items_of_run",
    "plan_conditions",
    "ventures_with",
    "visible_ventures",
}


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


async def test_a_worker_that_waits_wakes_nobody(
    holdfast_url: str, rings: asyncio.Queue[None]
) -> None:
    """Whoever looks when it rings must not ring when it has looked: it would wake itself without end."""
    async with Holdfast(Settings(database_url=holdfast_url)) as hf, connected(holdfast_url) as work:
        # There is something in each venture for which a worker looks there, and nothing to be done.
        session = await call_row(work, "start_session", session_id="waits", lease_seconds=3600)
        fence = {"session_id": "waits", "epoch": session["epoch"], "token": session["token"]}
        await call_row(work, "ask_question", message="Go on?", **fence)
        await call(work, "keep_catalogue", name="shop", target="env:SHOP", catalogue=CATALOGUE)
        worker = Worker(hf)
        worker.start()
        try:
            await asyncio.sleep(1)  # what it does once when it begins
            while not rings.empty():
                rings.get_nowait()
            await asyncio.sleep(2)
            assert rings.qsize() == 0
        finally:
            await worker.stop()


async def test_what_changes_nothing_rings_no_bell(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        rows = await connection.fetch(
            "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname = 'holdfast' and p.prosecdef and p.provolatile <> 'v'"
            " and has_function_privilege('authenticated', p.oid, 'execute')"
        )
    heard = {row["proname"] for row in rows if is_heard(row["proname"], [1])}
    assert heard == PARTS
