"""`holdfast verify constraints`: the rows that break what is not validated, and never a zero for what nobody could see."""

from __future__ import annotations

import re

import pytest

from holdfast.changes import constraints
from holdfast.changes.looking import Patience
from holdfast.engine.direct import Target
from holdfast.errors import TargetRefused
from tests.changes.conftest import HERE, Sql
from tests.support.command_line import Command
from tests.support.sql import connected

BROKEN = {
    'Old "age"': 1,
    "whole_row": 2,
    "kept": 0,
    "of_a_partition": 1,
    "part_small": 1,
    "match_full": 2,
    "match_simple": 1,
    "positive_only": 3,
    "with_children": 2,
    "own_rows": 1,
    "parent_pair": 1,
}
# A partition's own foreign key becomes a part of its parent's, and is counted there.
BROKEN_ON_18 = {name: n for name, n in BROKEN.items() if name != "of_a_partition"} | {
    "named": 1,
    "orders_customer": 2,
    "not_enforced": 1,
    "a_stay": 2,
}
LOCKS = """
select format('%I.%I', n.nspname, c.relname) as name, regexp_replace(l.mode, 'Lock$', '') as mode
from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
where l.pid = pg_backend_pid() and n.nspname = 'Shop' and c.relkind in ('r', 'p') and l.mode <> 'AccessShareLock'
"""


async def _dirty(target: Target) -> dict[str, int]:
    await target.execute((HERE / "dirty.sql").read_text())
    if target.version < 18:
        return BROKEN
    await target.execute((HERE / "dirty18.sql").read_text())
    return BROKEN_ON_18


async def test_each_kind_is_counted_by_its_own_query_and_postgresql_agrees(target: Target) -> None:
    expected = await _dirty(target)
    found = await constraints.unvalidated(target, ["Shop"])
    verdicts = [one async for one in constraints.verified(target, found, patience=Patience())]
    assert {one.constraint.name: one.violations for one in verdicts} == expected
    for one in verdicts:
        assert len(one.samples) == one.violations
        assert await _validates(target, one.constraint) == (one.violations == 0)


async def _validates(target: Target, constraint: constraints.Constraint) -> bool:
    """Whether PostgreSQL validates it, and that it locks then what we say that it locks."""
    try:
        async with target.changing():
            await target.fetch(constraint.validate)
            held = {row["name"]: _words(row["mode"]) for row in await target.fetch(LOCKS)}
            assert constraint.locks.items() <= held.items()
    except TargetRefused as error:
        assert constraint.is_enforced == str(error.detail["sqlstate"]).startswith("23")
        return False
    return True


def _words(mode: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", mode).upper()


async def test_validating_locks_what_was_said(target: Target) -> None:
    await target.execute((HERE / "dirty.sql").read_text())
    await target.execute('set search_path = "Shop"')
    await target.execute(
        "delete from points; delete from measures; delete from parent; delete from orders"
    )
    found = {one.name: one for one in await constraints.unvalidated(target, ["Shop"])}
    for name in ("match_full", "positive_only", "own_rows", "part_small", "of_a_partition"):
        assert await _validates(target, found[name]), name


def test_what_no_row_breaks_is_validated_and_the_rest_is_told_with_its_rows(
    sql: Sql, cli: Command, database_url: str
) -> None:
    sql("dirty.sql")
    told = cli("verify", "constraints", database_url, "--schema", "Shop", "--validate", "--json")
    assert told.code == 1
    assert '"validated": 1' in told.out
    again = cli("verify", "constraints", database_url, "--schema", "Shop")
    assert (again.code, "kept" in again.out) == (1, False)
    assert '{"id": 3, "age": 140}' in again.out
    assert again.out.splitlines()[-1].endswith("rows break 10.")


@pytest.fixture
def as_reader(sql: Sql, database_url: str, server_url: str) -> str:
    """The address of the database for a role that is not its owner."""
    sql("dirty.sql", "drop role if exists changes_reader; create role changes_reader login")
    sql(
        'grant usage on schema "Shop" to changes_reader; grant select on "Shop".points, "Shop".pairs to changes_reader'
    )
    return re.sub(r"user=\w+", "user=changes_reader", database_url)


def test_what_nobody_could_look_at_is_said_and_never_counted_as_none(
    sql: Sql, cli: Command, as_reader: str
) -> None:
    sql('alter table "Shop".pairs enable row level security')
    told = cli("verify", "constraints", as_reader, "--schema", "Shop", "--samples", "0")
    assert told.code == 3
    lines = told.out.splitlines()
    assert "row-level security hides rows from this role" in lines[_line(lines, "match_simple") + 1]
    assert "this role may not: permission denied" in lines[_line(lines, "kept") + 1]
    assert lines[-1].endswith("rows break 0, 11 could not be looked at.")
    sql("drop owned by changes_reader; drop role changes_reader")


def _line(lines: list[str], name: str) -> int:
    return next(i for i, line in enumerate(lines) if f" {name}: " in line)


async def test_a_table_that_is_locked_or_takes_too_long_could_not_be_looked_at(
    target: Target, database_url: str
) -> None:
    await target.execute((HERE / "dirty.sql").read_text())
    found = await constraints.unvalidated(target, ["Shop"])
    short = Patience(statement_seconds=0.05, lock_seconds=0.02)
    async with connected(database_url) as other:
        async with other.transaction():
            await other.execute('lock table "Shop".points in access exclusive mode')
            locked = [one async for one in constraints.verified(target, found, patience=short)]
    why = {one.constraint.name: one.could_not_look for one in locked if one.violations is None}
    assert why.keys() >= {"match_full", "match_simple"}
    assert "keeps it locked" in str(why["match_full"])
    await target.execute(
        'alter table "Shop".points add constraint slow check (pg_sleep(60) is null) not valid'
    )
    [slow] = [one for one in await constraints.unvalidated(target, ["Shop"]) if one.name == "slow"]
    [verdict] = [one async for one in constraints.verified(target, [slow], patience=short)]
    assert verdict.violations is None
    assert "took longer than 0.05 s" in str(verdict.could_not_look)


def test_a_schema_that_is_not_there_and_a_server_that_is_away_are_no_clean_bill(
    sql: Sql, cli: Command, database_url: str
) -> None:
    sql("dirty.sql")
    told = cli("verify", "constraints", database_url, "--schema", "shop")
    assert (told.code, told.out) == (3, "")
    assert "Did you mean Shop?" in told.err
    away = cli("verify", "constraints", "postgresql://me:secret@127.0.0.1:1/x")
    assert (away.code, away.out) == (3, "")
    assert "secret" not in away.err
    assert cli("verify", "constraints", "env:NOT_SET").code == 3
