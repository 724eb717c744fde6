"""`holdfast change apply`: once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from holdfast.changes import applying
from holdfast.changes.looking import Patience
from holdfast.changes.migrations import Migration
from holdfast.config import Settings
from holdfast.engine import direct
from holdfast.engine.connections import Connection
from holdfast.engine.direct import Target
from holdfast.errors import MigrationChanged, TargetRefused
from tests.changes.conftest import Sql
from tests.support.command_line import Command
from tests.support.migration import eventually
from tests.support.sql import connected

HOLDFAST = Path(sys.executable).with_name("holdfast")
BEFORE = "create table customers (id int primary key, name text); create table log (what text)"
CHANGE = """
insert into log values ('first');
alter table customers add column city text;
create index concurrently customers_city on customers (city);
insert into log values ('last');
"""
WAITS = "select true from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
BUILDS = "select pid from pg_stat_activity where datname = current_database() and query ilike 'create index%'"
END_THE_OTHERS = f"select count(pg_terminate_backend(pid)) from ({BUILDS}) as builds"
HALF_BUILT = """
select true from pg_index where indexrelid = to_regclass('customers_city') and not indisvalid
    and exists (select from pg_locks where locktype = 'virtualxid' and not granted)
    or indexrelid = to_regclass('customers_city') and not indisvalid
        and not exists (select from pg_stat_activity where query ilike 'create index%')
"""
QUICK = Patience(statement_seconds=0, lock_seconds=0.1)


async def _log(target: Target) -> list[str]:
    return [row["what"] for row in await target.fetch("select what from log order by ctid")]


def _any(connection: Connection, statement: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return bool(await connection.fetchval(statement))

    return look


async def test_who_waits_for_a_lock_lets_the_others_pass_and_tries_again(
    target: Target, database_url: str
) -> None:
    await target.execute(BEFORE)
    async with connected(database_url) as other, connected(database_url) as watcher:
        async with other.transaction():
            await other.execute("lock table customers in access exclusive mode")
            applied = asyncio.create_task(
                applying.apply(
                    target, Migration(name="one", text=CHANGE), patience=QUICK, tries=1000
                )
            )
            await eventually(_any(watcher, WAITS), "it waits for the table")
            # It gave up once, so whoever came after it was let through.
            await eventually(_any(watcher, f"select not exists ({WAITS})"), "it lets others pass")
            await eventually(_any(watcher, WAITS), "it tries again")
        done = await applied
    assert (done.run, await _log(target)) == (4, ["first", "last"])


async def test_two_at_once_apply_it_once(target: Target, database_url: str) -> None:
    await target.execute(BEFORE)
    migration = Migration(name="one", text=CHANGE)
    async with direct.connected(database_url, Settings()) as other:
        done = await asyncio.gather(
            applying.apply(target, migration, patience=QUICK),
            applying.apply(other, migration, patience=QUICK),
        )
    assert sorted(each.run for each in done) == [0, 4]
    assert await _log(target) == ["first", "last"]


async def test_one_that_is_killed_while_it_builds_an_index_is_brought_to_its_end_by_the_next(
    target: Target, database_url: str, work_dir: Path
) -> None:
    await target.execute(BEFORE)
    (work_dir / "one.sql").write_text(CHANGE)
    async with connected(database_url) as other, connected(database_url) as watcher:
        async with other.transaction(isolation="repeatable_read"):
            await other.fetch("select 1")  # the index has to wait for this snapshot
            process = await asyncio.create_subprocess_exec(
                HOLDFAST, "change", "apply", "one.sql", database_url, stdout=DEVNULL, stderr=DEVNULL
            )
            await eventually(_any(watcher, HALF_BUILT), "the index is half built")
            process.kill()
            await process.wait()
            assert await watcher.fetchval(END_THE_OTHERS) == 1
            await eventually(
                _any(watcher, f"select not exists ({BUILDS})"), "the server has seen it"
            )
        [entry] = await applying.ledger(target)
        assert (entry.done, entry.is_whole) == (2, False)
        assert await watcher.fetchval(HALF_BUILT)
    done = await applying.apply(target, Migration(name="one", text=CHANGE), patience=QUICK)
    [index] = await target.fetch(
        "select indisvalid from pg_index where indexrelid = to_regclass('customers_city')"
    )
    assert (done.run, index["indisvalid"], await _log(target)) == (2, True, ["first", "last"])


async def test_what_failed_is_corrected_and_goes_on_and_what_is_applied_stays_as_it_is(
    target: Target,
) -> None:
    await target.execute(BEFORE)
    wrong = CHANGE.replace("(city)", "(town)")
    with pytest.raises(TargetRefused, match=r'one line 4: column "town" does not exist'):
        await applying.apply(target, Migration(name="one", text=wrong), patience=QUICK)
    other = Migration(name="one", text=wrong.replace("'first'", "'another'"))
    with pytest.raises(MigrationChanged):
        await applying.apply(target, other, patience=QUICK)
    done = await applying.apply(target, Migration(name="one", text=CHANGE), patience=QUICK)
    assert (done.run, await _log(target)) == (2, ["first", "last"])
    with pytest.raises(MigrationChanged):
        await applying.apply(target, Migration(name="one", text=wrong), patience=QUICK)


def test_what_was_pasted_is_in_the_ledger_and_is_not_applied_again(
    sql: Sql, cli: Command, database_url: str, work_dir: Path
) -> None:
    (work_dir / "one.sql").write_text(CHANGE)
    sql(BEFORE)
    assert cli("change", "verify", "one.sql", database_url).code == 1
    pasted = cli("change", "script", "one.sql").out
    sql(pasted)
    with pytest.raises(asyncpg.RaiseError, match="was applied to this database"):
        sql(pasted)
    assert cli("change", "verify", "one.sql", database_url).code == 0
    assert cli("change", "apply", "one.sql", database_url).out == "Nothing to do: one is applied.\n"
    assert "by hand by holdfast" in cli("change", "status", database_url).out
