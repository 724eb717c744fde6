"""Drift on a schedule: a worker finds it, a person is asked once, and the answer holds for exactly that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.connections import Connection
from holdfast.errors import InvalidValue, LeaseLost
from holdfast.runtime.worker import Worker
from tests.changes.conftest import Sql
from tests.support.command_line import Command, set_clock
from tests.support.migration import eventually
from tests.support.sql import call, call_row, call_value, connected

CATALOGUE = {"format": 1, "schemas": ["public"], "objects": {"table public.t": ""}}
DRIFT = [{"what": "added", "object": "table public.u", "expected": None, "found": ""}]
OTHER = [{"what": "added", "object": "table public.v", "expected": None, "found": ""}]
NOW = CATALOGUE | {"objects": {"table public.t": "", "table public.u": ""}}


@pytest.fixture
async def memory(holdfast_url: str) -> AsyncIterator[Connection]:
    async with connected(holdfast_url) as connection:
        yield connection


async def _look(memory: Connection, **found: Any) -> str:
    """Take the watch and note what was found."""
    await memory.execute("update holdfast.drift_watches set next_at = holdfast.now()")
    watch = await call_row(memory, "claim_drift_checks", holder="worker")
    fence = {"watch_id": watch["id"], "epoch": watch["epoch"], "token": watch["token"]}
    return str(await call_value(memory, "record_drift", **fence, **found))


async def _told(memory: Connection) -> list[str]:
    rows = await memory.fetch(
        "select type from holdfast.events where type like 'drift.%' order by seq"
    )
    return [row["type"].removeprefix("drift.") for row in rows]


async def _questions(memory: Connection) -> list[str]:
    rows = await memory.fetch("select status::text from holdfast.questions order by created_at, id")
    return [row["status"] for row in rows]


async def _answer(memory: Connection, answer: str) -> None:
    [row] = await memory.fetch("select id from holdfast.questions where status = 'open'")
    await call(memory, "answer_question", question_id=row["id"], answer=answer)


async def test_drift_is_told_once_and_an_answer_holds_for_exactly_what_was_shown(
    memory: Connection,
) -> None:
    await call(memory, "keep_catalogue", name="shop", target="env:SHOP", catalogue=CATALOGUE)
    assert await _look(memory, drift=[]) == "as_expected"
    assert await _look(memory, drift=DRIFT, catalogue=NOW) == "drifted"
    assert await _look(memory, drift=DRIFT, catalogue=NOW) == "drifted"
    assert (await _told(memory), await _questions(memory)) == (["kept", "found"], ["open"])
    # Somebody accepts what was shown; meanwhile it has become something else, which is asked anew.
    await _answer(memory, "accept")
    assert await _look(memory, drift=OTHER, catalogue=NOW) == "drifted"
    assert await _questions(memory) == ["acknowledged", "open"]
    await _answer(memory, "accept")
    assert await _look(memory, drift=OTHER, catalogue=NOW) == "as_expected"
    expected = await memory.fetchval("select expected from holdfast.drift_watches")
    assert expected == NOW
    assert (await _told(memory))[1:] == ["found", "found", "accepted"]
    open_alerts = "select count(*) from holdfast.supervisor_states where ended_at is null"
    assert await memory.fetchval(open_alerts) == 0


async def test_what_went_away_withdraws_the_question_and_what_stays_is_not_asked_again(
    memory: Connection,
) -> None:
    await call(memory, "keep_catalogue", name="shop", target="env:SHOP", catalogue=CATALOGUE)
    await _look(memory, drift=DRIFT, catalogue=NOW)
    assert await _look(memory, problem="the database is away") == "drifted"
    assert await _look(memory, problem="the database is away") == "drifted"
    await _answer(memory, "keep")
    assert await _look(memory, drift=DRIFT, catalogue=NOW) == "drifted"
    assert await _look(memory, drift=DRIFT, catalogue=NOW) == "drifted"
    assert await _questions(memory) == ["acknowledged"]
    await _look(memory, drift=OTHER, catalogue=NOW)
    assert await _look(memory, drift=[]) == "as_expected"
    assert await _questions(memory) == ["acknowledged", "withdrawn"]
    assert await _told(memory) == ["kept", "found", "unseen", "found", "gone"]


async def test_a_look_is_taken_once_and_one_that_came_too_late_is_refused(
    memory: Connection, holdfast_url: str
) -> None:
    await call(memory, "keep_catalogue", name="shop", target="env:SHOP", catalogue=CATALOGUE)
    first = await call_row(memory, "claim_drift_checks", holder="one", lease_seconds=1)
    assert await call(memory, "claim_drift_checks", holder="two") == []
    await memory.execute("set holdfast.now = '2199-01-01'")
    [second] = await call(memory, "claim_drift_checks", holder="two")
    late = {"watch_id": first["id"], "epoch": first["epoch"], "token": first["token"], "drift": []}
    with pytest.raises(LeaseLost):
        await call(memory, "record_drift", **late)
    assert second["epoch"] == first["epoch"] + 1


async def test_a_worker_that_stops_gives_its_look_back(
    holdfast_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", database_url)
    async with connected(holdfast_url) as memory, connected(database_url) as other:
        # Without the clock that stands still in tests, as workers have none.
        await memory.execute("reset holdfast.now")
        await call(
            memory, "keep_catalogue", name="shop", target="env:SHOP_URL", catalogue=CATALOGUE
        )
        await memory.execute("update holdfast.drift_watches set next_at = holdfast.now()")
        # The catalogue cannot be read while somebody has locked it.
        async with other.transaction():
            await other.execute("lock table pg_catalog.pg_class in access exclusive mode")
            await _run_worker_until(
                holdfast_url, "select lease_token is not null from holdfast.drift_watches"
            )

        assert await memory.fetchval("select lease_token is null from holdfast.drift_watches")
        assert len(await call(memory, "claim_drift_checks", holder="next")) == 1


async def test_a_password_is_not_kept_where_the_whole_venture_reads(memory: Connection) -> None:
    with pytest.raises(InvalidValue, match="has a password in it"):
        await call(
            memory,
            "keep_catalogue",
            name="shop",
            target="postgresql://me:secret@host/shop",
            catalogue=CATALOGUE,
        )


def test_a_worker_finds_what_was_changed_by_hand_and_the_answer_ends_it(
    sql: Sql,
    cli: Command,
    database_url: str,
    holdfast_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sql("create table t (id int)")
    set_clock(holdfast_url, "")
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    monkeypatch.setenv("SHOP_URL", database_url)
    assert cli("verify", "watch", "shop", "env:SHOP_URL", "--every", "1m").code == 0
    sql("drop table t", "create table u (id int)")
    asyncio.run(
        _run_worker_until(holdfast_url, "select status = 'drifted' from holdfast.drift_watches")
    )
    assert "missing table public.t" in cli("verify", "watches").out
    [question] = cli("questions", "--json").json
    assert "missing table public.t" in question["message"]
    assert cli("answer", question["id"], "accept").code == 0
    asyncio.run(
        _run_worker_until(holdfast_url, "select status = 'as_expected' from holdfast.drift_watches")
    )
    assert cli("questions", "--json").json == []
    assert cli("verify", "unwatch", "shop").code == 0
    assert cli("verify", "unwatch", "shop").code == 1


async def _run_worker_until(url: str, statement: str) -> None:
    """Run a worker until the database says so."""
    async with Holdfast(Settings(database_url=url)) as hf, connected(url) as watcher:
        worker = Worker(hf)
        worker.start()

        async def look() -> bool:
            return bool(await watcher.fetchval(statement))

        await eventually(look, statement)
        await worker.stop()
