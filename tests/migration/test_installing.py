"""However a database came to this version, it is the same database."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING

import pytest

from holdfast.engine import migrate, texts
from holdfast.errors import DatabaseError, MigrationChanged
from tests.support import migration as support

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES = 10
# What an early version of Holdfast had besides its tables, as far as migrating calls it.
FIRST_DEFINITIONS = (
    "create function holdfast.ensure_partitions() returns integer language sql as 'select 0';"
)


async def require_same(url: str, other_url: str) -> None:
    assert await support.fingerprint_of(url) == await support.fingerprint_of(other_url)
    assert support.dump(url) == support.dump(other_url)
    status = await support.status_of(url)
    assert status.is_current, status


async def test_a_schema_migrated_step_by_step_equals_a_fresh_one(
    database_url: str, holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = texts.migrations()
    for number in range(1, len(every)):
        with monkeypatch.context() as older:
            support.use_migrations(older, *every[:number])
            support.use_definitions(older, FIRST_DEFINITIONS)
            found = await support.migrated(database_url)
        assert found.pending == (f"{number:04d}_{every[number - 1].name}",)
        assert await support.ledger_of(database_url) == list(range(1, number + 1))
    await support.migrated(database_url)
    await require_same(database_url, holdfast_url)


async def test_a_schema_made_by_the_script_equals_a_migrated_one(
    database_url: str, holdfast_url: str
) -> None:
    await support.execute(database_url, f"begin;\n{migrate.script()}\ncommit;")
    await require_same(database_url, holdfast_url)
    assert (await support.migrated(database_url)).is_current


async def test_a_schema_made_by_the_script_through_psql_equals_a_migrated_one(
    database_url: str, holdfast_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "holdfast.sql"
    file.write_text(migrate.script())
    support.run_script_with_psql(database_url, file)
    await require_same(database_url, holdfast_url)


async def test_the_script_is_one_transaction_of_whoever_runs_it(database_url: str) -> None:
    async with support.connected(database_url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(migrate.script())
        assert await connection.fetchval("select to_regclass('holdfast.plans') is not null")
        await transaction.rollback()
        assert await connection.fetchval("select to_regnamespace('holdfast') is null")


def test_the_script_holds_nothing_that_a_dashboards_editor_refuses() -> None:
    script = migrate.script()
    assert not re.search(r"\bconcurrently\b", script, re.IGNORECASE)
    assert not re.search(r"^\s*\\", script, re.MULTILINE)
    commands = r"^\s*(begin|commit|rollback|end|start\s+transaction|savepoint\s+\w+)(\s+\w+)?\s*;"
    outside_bodies = re.sub(r"\$\$.*?\$\$", "", script, flags=re.DOTALL)
    assert not re.search(commands, outside_bodies, re.IGNORECASE | re.MULTILINE)


async def test_ten_processes_migrate_one_empty_database_at_once(
    database_url: str, holdfast_url: str
) -> None:
    async with support.connected(database_url) as gate:
        opening = gate.transaction()
        await opening.start()
        await gate.execute(migrate.LOCK)
        processes = [await _start_migrating(database_url) for _ in range(PROCESSES)]

        async def all_wait() -> bool:
            waiting = await gate.fetchval(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted and database ="
                " (select oid from pg_database where datname = current_database())"
            )
            return bool(waiting == PROCESSES)

        await support.eventually(all_wait, "ten processes wait for the migrator's lock")
        await opening.rollback()
    ended = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * PROCESSES, ended
    applied = sorted(int(out) for out, _ in ended)
    assert applied == [0] * (PROCESSES - 1) + [len(texts.migrations())]
    assert await support.ledger_of(database_url) == [m.number for m in texts.migrations()]
    await require_same(database_url, holdfast_url)


async def _start_migrating(url: str) -> asyncio.subprocess.Process:
    program = (
        "import asyncio, sys\n"
        "from tests.support.migration import migrated\n"
        "print(len(asyncio.run(migrated(sys.argv[1])).pending))\n"
    )
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_a_changed_applied_migration_is_refused_and_nothing_is_changed(
    holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *others = texts.migrations()
    changed = texts.Migration(
        number=second.number, name=second.name, text=f"{second.text}\n-- more"
    )
    added = support.make_migration("create table holdfast.must_not_be ()")
    support.use_migrations(monkeypatch, first, changed, *others, added)
    before = support.dump(holdfast_url)

    with pytest.raises(MigrationChanged, match="0002_events was applied") as refusal:
        await support.migrated(holdfast_url)

    assert refusal.value.hint
    assert support.dump(holdfast_url) == before
    assert await support.ledger_of(holdfast_url) == [m.number for m in (first, second, *others)]
    status = await support.status_of(holdfast_url)
    assert status.changed == ("0002_events",)
    assert not status.is_current


async def test_a_changed_function_is_applied_again_and_rows_stay(
    holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await support.execute(holdfast_url, "select holdfast.add_directive('SD-1', 'stays')")
    before = support.dump(holdfast_url)
    with monkeypatch.context() as newer:
        more = "create function holdfast.answer() returns integer language sql as 'select 42';"
        support.use_definitions(newer, texts.definitions() + more)
        assert (await support.status_of(holdfast_url)).outdated
        await support.migrated(holdfast_url)
        assert (await support.status_of(holdfast_url)).is_current
        assert await support.fetchval(holdfast_url, "select holdfast.answer()") == 42
    await support.migrated(holdfast_url)
    assert support.dump(holdfast_url) == before
    assert await support.fetchval(holdfast_url, "select count(*) from holdfast.directives") == 1


@pytest.mark.parametrize("bad", ["migration", "function"])
async def test_a_failure_in_the_middle_leaves_an_empty_database_empty(
    bad: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(monkeypatch, bad)
    with pytest.raises(DatabaseError):
        await support.migrated(database_url)
    assert await support.fetchval(database_url, "select to_regnamespace('holdfast') is null")


@pytest.mark.parametrize("bad", ["migration", "function"])
async def test_a_failure_in_the_middle_leaves_a_migrated_database_as_it_was(
    bad: str, holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = support.dump(holdfast_url)
    with monkeypatch.context() as broken:
        _break(broken, bad)
        with pytest.raises(DatabaseError):
            await support.migrated(holdfast_url)
    assert support.dump(holdfast_url) == before
    assert (await support.status_of(holdfast_url)).is_current


def _break(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Add a migration that works and then something that does not."""
    good = support.make_migration("create table holdfast.half_done ()")
    bad = support.make_migration("create table holdfast.half_done ()")
    if what == "migration":
        support.use_migrations(monkeypatch, *texts.migrations(), good, bad)
    else:
        support.use_migrations(monkeypatch, *texts.migrations(), good)
        support.use_definitions(monkeypatch, texts.definitions() + "select from holdfast.missing;")
