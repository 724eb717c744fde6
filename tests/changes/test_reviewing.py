"""`holdfast change review`: squawk, and the migration tried where it can harm nobody."""

from __future__ import annotations

import json
from pathlib import Path

from tests.changes.conftest import Sql
from tests.support.command_line import Command

TODAY = """
create role changes_visitor;
create schema "Shop";
create table "Shop".customers (id bigint primary key, name text);
insert into "Shop".customers values (1, null);
alter table "Shop".customers enable row level security;
create policy theirs on "Shop".customers to changes_visitor using (id = 1);
create function "Shop".careless() returns int language sql security definer as 'select 1';
"""
CHANGE = """
create table "Shop".cities (id bigint primary key, name text not null);
alter table "Shop".customers add column city bigint references "Shop".cities;
create policy everyone on "Shop".customers for select using (true);
"""
FOUND = {
    ("table-without-row-security", '"Shop".cities'),
    ("foreign-key-without-index", '"Shop".customers.customers_city_fkey'),
    ("policy-for-everyone", '"Shop".customers.everyone'),
    ("adding-foreign-key-constraint", '"Shop"'),
}


def test_a_review_finds_what_the_migration_brings_and_changes_nothing(
    sql: Sql, cli: Command, database_url: str, work_dir: Path
) -> None:
    sql("drop role if exists changes_visitor", TODAY)
    (work_dir / "one.sql").write_text(CHANGE)
    cli("verify", "drift", database_url, "--keep", "today.json")
    told = cli("change", "review", "one.sql", database_url, "--keep", "expected.json")
    assert told.code == 1, told
    (work_dir / "waivers.toml").write_text(
        "[waivers]\npolicy-for-everyone = 'a shop window'\nadding-foreign-key-constraint = 'small'\n"
        "'table-without-row-security \"Shop\".cities' = 'cities are public'\n"
    )
    machine = cli(
        "change", "review", "one.sql", database_url, "--waivers", "waivers.toml", "--json"
    )
    found = json.loads(machine.out)
    ours = {
        (one["rule"], one["object"]) for one in found["findings"] if one["source"] == "catalogue"
    }
    assert ours == {each for each in FOUND if each[0] != "adding-foreign-key-constraint"}
    assert "adding-foreign-key-constraint" in {one["rule"] for one in found["findings"]}
    assert {one["rule"] for one in found["findings"] if one["waived"] is None} == {
        "foreign-key-without-index"
    }
    assert {"what": "added", "object": 'column "Shop".customers.city'}.items() <= next(
        one for one in found["changes"] if one["object"].endswith("customers.city")
    ).items()
    # The real database was left alone, and is as was foretold once the migration is applied.
    assert cli("verify", "drift", database_url, "--expect", "today.json").code == 0
    assert cli("change", "verify", "one.sql", database_url, "--expect", "expected.json").code == 1
    assert cli("change", "apply", "one.sql", database_url).code == 0
    assert cli("change", "verify", "one.sql", database_url, "--expect", "expected.json").code == 0
    again = json.loads(cli("change", "review", "one.sql", database_url, "--json").out)
    assert "migration-fails" not in {one["rule"] for one in again["findings"]}
    sql("drop owned by changes_visitor; drop role changes_visitor")


def test_a_migration_that_postgresql_refuses_is_a_finding_with_its_line(
    sql: Sql, cli: Command, database_url: str, work_dir: Path
) -> None:
    sql("create table t (id int)")
    (work_dir / "one.sql").write_text(
        "select 1;\n\nalter table nowhere add column a int;\n-- squawk-ignore x\n"
    )
    told = json.loads(cli("change", "review", "one.sql", database_url, "--json").out)
    [failure] = [one for one in told["findings"] if one["rule"] == "migration-fails"]
    assert (failure["line"], failure["source"]) == (3, "shadow")
    assert "waived-in-the-file" in {one["rule"] for one in told["findings"]}
    away = cli("change", "review", "one.sql", "postgresql://127.0.0.1:1/x")
    assert (away.code, away.out) == (3, "")
