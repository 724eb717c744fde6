"""What somebody changed in the database by hand is named."""

from __future__ import annotations

import pytest

from holdfast.config import Settings
from holdfast.engine import connections, migrate, texts
from holdfast.errors import NotMigrated
from tests.support import migration as support

CHANGES = {
    "index idx_auto_proceed_sessions_sd_key on auto_proceed_sessions": (
        "drop index holdfast.idx_auto_proceed_sessions_sd_key"
    ),
    "index by_hand on directives": "create index by_hand on holdfast.directives (title)",
    "constraint auto_proceed_sessions_children_range on auto_proceed_sessions": (
        "alter table holdfast.auto_proceed_sessions drop constraint auto_proceed_sessions_children_range"
    ),
    "table directives": "alter table holdfast.directives disable row level security",
    "table questions": "alter table holdfast.questions add column by_hand text",
    "table plans": "grant select on holdfast.plans to anon",
    "function holdfast.now()": (
        "create or replace function holdfast.now() returns timestamptz language sql volatile"
        " parallel safe as 'select clock_timestamp()'"
    ),
    "function holdfast.uuid7()": "alter function holdfast.uuid7() strict",
    "function holdfast.feed_epoch()": "alter function holdfast.feed_epoch() security invoker",
    "view v_active_auto_proceed_sessions": (
        "create or replace view holdfast.v_active_auto_proceed_sessions with (security_invoker = true) as"
        " select a.*, 100.0 as progress_percentage, interval '0' as time_since_update"
        " from holdfast.auto_proceed_sessions a"
    ),
    "view v_questions": "alter view holdfast.v_questions set (security_invoker = false)",
    "policy tenant on events": "alter policy tenant on holdfast.events using (true)",
    "policy open on events": "create policy open on holdfast.events to anon using (true)",
    "type log_level": "alter type holdfast.log_level add value 'fatal'",
    "domain percent": "alter domain holdfast.percent drop constraint percent_range",
    "trigger update_auto_proceed_sessions_updated_at": (
        "alter table holdfast.auto_proceed_sessions disable trigger user"
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_drift_is_named(name: str, holdfast_url: str) -> None:
    assert (await support.status_of(holdfast_url)).drifted == ()
    await support.execute(holdfast_url, CHANGES[name])
    status = await support.status_of(holdfast_url)
    assert status.drifted == (name,)
    assert not status.is_current


async def test_replacing_functions_does_not_make_a_table_changed_by_hand_look_right(
    holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [name for name in CHANGES if name.startswith(("constraint", "index", "type"))]
    await support.execute(holdfast_url, *(CHANGES[name] for name in tables))
    support.use_definitions(monkeypatch, f"{texts.definitions()}\n-- another version")

    await support.migrated(holdfast_url)

    status = await support.status_of(holdfast_url)
    assert not status.outdated
    assert set(status.drifted) == set(tables)


async def test_migrating_repairs_functions_and_views_that_were_changed_by_hand(
    holdfast_url: str,
) -> None:
    await support.execute(holdfast_url, CHANGES["function holdfast.now()"])
    await support.execute(holdfast_url, CHANGES["view v_active_auto_proceed_sessions"])
    await support.migrated(holdfast_url)
    assert (await support.status_of(holdfast_url)).is_current


async def test_a_migration_does_not_make_a_table_changed_by_hand_look_right(
    holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [name for name in CHANGES if name.startswith(("constraint", "index", "type"))]
    await support.execute(holdfast_url, *(CHANGES[name] for name in tables))
    more = support.make_migration("create table holdfast.more (venture_id uuid primary key)")
    support.use_migrations(monkeypatch, *texts.migrations(), more)

    await support.migrated(holdfast_url)

    status = await support.status_of(holdfast_url)
    assert not status.pending
    assert set(status.drifted) == set(tables)


async def test_policies_of_another_version_may_change_grants_on_tables(
    holdfast_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "grant insert on holdfast.plans to service_role;"
    support.use_definitions(monkeypatch, f"{texts.definitions()}\n{more}")
    await support.migrated(holdfast_url)
    assert (await support.status_of(holdfast_url)).is_current


async def test_an_older_holdfast_refuses_a_newer_database(holdfast_url: str) -> None:
    connection = await connections.connect(holdfast_url, Settings())
    try:
        await connection.execute(
            "insert into holdfast.migrations (number, name, checksum) values (9999, 'later', 'x')"
        )
        with pytest.raises(NotMigrated, match="9999"):
            await migrate.migrate(connection)
    finally:
        await connection.close()
