"""`holdfast verify drift`: what was changed in a database since its catalogue was kept."""

from __future__ import annotations

import json
from pathlib import Path

from tests.changes.conftest import Sql
from tests.support.command_line import Command

SCHEMA = """
create schema "Shop";
set search_path = "Shop";
create type mood as enum ('good', 'bad');
create domain small as int check (value < 10);
create table parts (id int primary key, "Name" text not null, mood mood, size small check (size > 0));
create table orders (id int generated always as identity primary key, part int references parts);
create index orders_part on orders (part);
alter table orders enable row level security;
create policy own on orders using (id = 1);
create view big as select * from parts where size > 5;
create function twice(n int) returns int language sql as 'select n * 2';
create function told() returns trigger language plpgsql as 'begin return new; end';
create trigger told before insert on orders for each row execute function told();
"""
# One change of each kind, and what is to be said of it.
CHANGES = {
    'alter table "Shop".parts add column colour text': ("added", 'column "Shop".parts.colour'),
    'alter table "Shop".parts alter "Name" drop not null': (
        "changed",
        'column "Shop".parts."Name"',
    ),
    'alter table "Shop".parts drop constraint parts_size_check': (
        "missing",
        'constraint "Shop".parts.parts_size_check',
    ),
    'drop index "Shop".orders_part': ("missing", 'index "Shop".orders_part'),
    'alter policy own on "Shop".orders using (true)': ("changed", 'policy "Shop".orders.own'),
    'create or replace function "Shop".twice(n int) returns int language sql as $$select n$$': (
        "changed",
        'function "Shop".twice(integer)',
    ),
    'alter table "Shop".parts disable trigger all; alter table "Shop".orders disable trigger told': (
        "changed",
        'trigger "Shop".orders.told',
    ),
    'grant select on "Shop".big to public': ("changed", 'view "Shop".big'),
    "alter type \"Shop\".mood add value 'fair'": ("changed", 'type "Shop".mood'),
    'alter table "Shop".orders disable row level security': ("changed", 'table "Shop".orders'),
    'alter domain "Shop".small drop constraint small_check': ("changed", 'type "Shop".small'),
}


def test_each_kind_of_change_is_drift_and_nothing_else_is(
    sql: Sql, cli: Command, database_url: str, work_dir: Path
) -> None:
    sql(SCHEMA)
    kept = cli("verify", "drift", database_url, "--schema", "Shop", "--keep", "kept.json")
    assert kept.code == 0
    same = cli("verify", "drift", database_url, "--expect", "kept.json")
    assert (same.code, same.out) == (0, "All is as it was kept.\n")
    sql(*CHANGES)
    told = cli("verify", "drift", database_url, "--expect", "kept.json", "--json")
    assert told.code == 1
    found = {(one["what"], one["object"]) for one in json.loads(told.out)["drift"]}
    assert found == set(CHANGES.values())
    assert (
        "is  permissive * to public using (true)"
        in cli("verify", "drift", database_url, "--expect", "kept.json").out
    )


def test_a_database_that_is_away_and_a_file_that_holds_nothing_are_not_told_as_no_drift(
    cli: Command, work_dir: Path
) -> None:
    (work_dir / "kept.json").write_text('{"format": 1, "schemas": ["x"], "objects": {}}')
    away = "postgresql://127.0.0.1:1/x"
    assert cli("verify", "drift", away, "--expect", "kept.json").code == 3
    (work_dir / "kept.json").write_text("{}")
    told = cli("verify", "drift", away, "--expect", "kept.json")
    assert (told.code, told.out) == (3, "")
    assert "holdfast verify drift DSN --keep kept.json" in told.err
