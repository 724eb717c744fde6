"""`holdfast verify catalogue`: each rule finds what breaks it, and nothing beside it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

import holdfast
from tests.changes.conftest import Sql
from tests.support.command_line import Command
from tests.support.sql import connected

ROOT = Path(holdfast.__file__).parent
GOOD = """
create schema "Shop";
set search_path = "Shop";
create table kinds (id int primary key, owner text);
create table "Parts" (id int primary key, kind int references kinds, other int, unique (kind, other));
alter table kinds enable row level security;
alter table "Parts" enable row level security;
create policy own on kinds using (owner = current_user);
create policy own on "Parts" using (id = 1);
create policy only_some on "Parts" as restrictive using (true);
create view shown with (security_invoker = true) as select * from kinds;
create function careful() returns int language sql security definer set search_path = '' as 'select 1';
"""
BAD = """
set search_path = "Shop";
create table lonely (id int);
create table closed (id int primary key, kind int references kinds, n int);
alter table closed add constraint small check (n < 5) not valid;
alter table closed enable row level security;
create index only_partly on closed (kind) where kind > 5;
create index wrong_order on closed (id, kind);
create index same on "Parts" (kind, other);
create index same_again on "Parts" (kind, other);
create policy everyone on kinds for select to public using (true);
create view leaky as select * from kinds;
create function careless() returns int language sql security definer as 'select 1';
insert into closed values (1), (2);
"""
FOUND = {
    ("table-without-primary-key", '"Shop".lonely'),
    ("table-without-row-security", '"Shop".lonely'),
    ("foreign-key-without-index", '"Shop".closed.closed_kind_fkey'),
    ("row-security-without-policy", '"Shop".closed'),
    ("constraint-not-validated", '"Shop".closed.small'),
    ("index-twice", '"Shop".same_again'),
    ("index-not-valid", '"Shop".half_built'),
    ("policy-for-everyone", '"Shop".kinds.everyone'),
    ("view-with-owners-rights", '"Shop".leaky'),
    ("definer-without-search-path", '"Shop".careless()'),
}


def test_each_rule_finds_what_breaks_it_and_nothing_beside(
    sql: Sql, cli: Command, database_url: str, work_dir: Path
) -> None:
    sql(GOOD)
    assert cli("verify", "catalogue", database_url).out == "Nothing found.\n"
    sql(BAD)
    asyncio.run(_build_half(database_url))
    told = cli("verify", "catalogue", database_url, "--json")
    assert told.code == 1
    assert {(one["rule"], one["object"]) for one in json.loads(told.out)["findings"]} == FOUND
    rules = "".join(f'{rule} = "why not"\n' for rule, _ in FOUND)
    (work_dir / "waivers.toml").write_text(f"[waivers]\n{rules}")
    waived = cli("verify", "catalogue", database_url, "--waivers", "waivers.toml")
    assert (waived.code, waived.out.splitlines()[-1]) == (0, "0 open, 10 waived.")
    (work_dir / "waivers.toml").write_text('[waivers]\nindex-twice = ""\n')
    assert cli("verify", "catalogue", database_url, "--waivers", "waivers.toml").code == 3


async def _build_half(url: str) -> None:
    async with connected(url) as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                'create unique index concurrently half_built on "Shop".closed ((1))'
            )


def test_every_query_for_somebody_elses_database_is_used() -> None:
    sources = "\n".join(file.read_text() for file in ROOT.rglob("*.py"))
    for file in (ROOT / "sql" / "targets").glob("*.sql"):
        assert f'"{file.stem}"' in sources, file.name
