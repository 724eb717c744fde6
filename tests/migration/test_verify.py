"""`verify` passes on a good schema, fails on each that was sabotaged, and leaves nothing behind."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from holdfast.config import Settings
from holdfast.engine import verify
from holdfast.errors import NotMigrated
from tests.support import migration as support

if TYPE_CHECKING:
    from holdfast.engine.postgres import PostgresEngine

ELEVEN = (
    "table auto_proceed_sessions readable",
    "view v_active_auto_proceed_sessions readable",
    "upsert with total 5",
    "row queryable",
    "progress call 2, EXEC, SD-002",
    "values stuck",
    "active session found",
    "view shows 40.0",
    "deactivate",
    "is_active false and deactivated_at set",
    "gone from the view",
)
INDEXES = tuple(
    f"index idx_auto_proceed_sessions_{name}"
    for name in ("session_id", "active", "sd_key", "created", "unique_active")
)
RACE = "one active row per session under a race"
PROGRESS = "progress neither bumped nor erased"
RANGES = "values out of range refused"
FINISHED = "a finished execution stays finished"
DRAFT = "a draft directive cannot be completed"
UNKNOWN = "unknown session refused"
SECURITY = "row-level security on every table"
MAKING = "one of everything can be made"
OWN_ONLY = "a user sees the own venture only"
FOREIGN_CALLS = "a user cannot call for another venture"
ANON = "anon sees and calls nothing"
EVENTS = "events count 1, 2, 3 … without a gap"
GRANTS = "grants: nothing for anon, no writes for users"


async def test_verify_passes_on_a_good_schema_in_the_order_its_users_know(holdfast_url: str) -> None:
    checks = list((await support.verdicts(holdfast_url)).values())
    assert [check.detail for check in checks if not check.passed] == []
    assert [check.number for check in checks] == list(range(1, len(checks) + 1))
    assert {check.total for check in checks} == {len(checks)}
    names = tuple(check.name for check in checks)
    assert names[:11] == ELEVEN
    assert set(names[11:]) == {
        *INDEXES, RACE, PROGRESS, RANGES, FINISHED, DRAFT, UNKNOWN,
        SECURITY, MAKING, OWN_ONLY, FOREIGN_CALLS, ANON, EVENTS, GRANTS,
    }  # fmt: skip


async def test_verify_leaves_nothing_behind(engine: PostgresEngine) -> None:
    await engine.call("upsert_auto_proceed_session", session_id="a live one", total_children=3)
    await engine.call("create_execution", name="a live one")
    before = await support.row_counts(engine.url)
    schema = support.dump(engine.url)

    assert await support.failures(engine.url) == {}

    assert await support.row_counts(engine.url) == before
    assert support.dump(engine.url) == schema


async def test_verify_leaves_nothing_behind_when_it_fails_or_is_given_up(holdfast_url: str) -> None:
    await support.execute(holdfast_url, "drop index holdfast.idx_auto_proceed_sessions_unique_active")
    before = await support.row_counts(holdfast_url)
    assert await support.failures(holdfast_url)
    async with aclosing(verify.verify(holdfast_url, Settings())) as running:
        async for check in running:
            if check.name == MAKING:
                break
    assert await support.row_counts(holdfast_url) == before


async def test_verify_waits_for_nobody_who_works(engine: PostgresEngine) -> None:
    await engine.call("upsert_auto_proceed_session", session_id="busy", total_children=3)
    async with support.connected(engine.url) as worker, worker.transaction():
        await worker.execute("select holdfast.update_auto_proceed_progress('busy', 1)")
        assert await support.failures(engine.url) == {}


async def test_verify_of_an_empty_database_names_the_next_step(database_url: str) -> None:
    with pytest.raises(NotMigrated, match="no Holdfast") as error:
        await support.verdicts(database_url)
    assert error.value.hint == "Run: holdfast db migrate"


BY_STATEMENT = {
    "the table is gone": ("drop table holdfast.auto_proceed_sessions cascade", ELEVEN[0]),
    "the view is gone": ("drop view holdfast.v_active_auto_proceed_sessions", ELEVEN[1]),
    "the view counts otherwise": (
        "create or replace view holdfast.v_active_auto_proceed_sessions with (security_invoker = true) as"
        " select a.*, round(100.0 * a.completed_children / greatest(a.total_children, 1), 0) + 1.0"
        " as progress_percentage, holdfast.now() - a.updated_at as time_since_update"
        " from holdfast.auto_proceed_sessions a where a.is_active",
        ELEVEN[7],
    ),
    "the view shows the inactive": (
        "create or replace view holdfast.v_active_auto_proceed_sessions with (security_invoker = true) as"
        " select a.*, 40.0 as progress_percentage, holdfast.now() - a.updated_at as time_since_update"
        " from holdfast.auto_proceed_sessions a",
        ELEVEN[10],
    ),
    "an index is gone": ("drop index holdfast.idx_auto_proceed_sessions_created", INDEXES[3]),
    "an index has other columns": (
        "drop index holdfast.idx_auto_proceed_sessions_session_id;"
        " create index idx_auto_proceed_sessions_session_id"
        " on holdfast.auto_proceed_sessions (session_id, venture_id)",
        INDEXES[0],
    ),
    "an index covers all": (
        "drop index holdfast.idx_auto_proceed_sessions_active; create index"
        " idx_auto_proceed_sessions_active on holdfast.auto_proceed_sessions (venture_id, is_active)",
        INDEXES[1],
    ),
    "an index is not valid": (
        "update pg_index set indisvalid = false"
        " where indexrelid = 'holdfast.idx_auto_proceed_sessions_sd_key'::regclass",
        INDEXES[2],
    ),
    "the unique index is not unique": (
        "drop index holdfast.idx_auto_proceed_sessions_unique_active;"
        " create index idx_auto_proceed_sessions_unique_active"
        " on holdfast.auto_proceed_sessions (venture_id, session_id) where is_active",
        INDEXES[4],
    ),
    "the unique index is gone": (
        "drop index holdfast.idx_auto_proceed_sessions_unique_active",
        RACE,
    ),
    "two rows may be active": (
        "drop index holdfast.idx_auto_proceed_sessions_unique_active;"
        " alter table holdfast.auto_proceed_sessions drop constraint auto_proceed_sessions_session_fkey;"
        " create or replace function holdfast.upsert_auto_proceed_session(p_session_id text,"
        " p_active_sd_key text default null, p_chain_orchestrators boolean default null,"
        " p_current_phase text default null, p_parent_orchestrator_key text default null,"
        " p_total_children integer default null, p_metadata jsonb default null,"
        " p_venture_id uuid default null) returns uuid language sql security definer as"
        " 'insert into holdfast.auto_proceed_sessions (venture_id, id, session_id)"
        " values (p_venture_id, gen_random_uuid(), p_session_id) returning id'",
        RACE,
    ),
    "the range of children is gone": (
        "alter table holdfast.auto_proceed_sessions drop constraint auto_proceed_sessions_children_range",
        RANGES,
    ),
    "the range of progress is gone": (
        "alter table holdfast.agent_executions drop constraint agent_executions_progress_range",
        RANGES,
    ),
    "an end may lie before its start": (
        "alter table holdfast.agent_executions drop constraint agent_executions_ended_after_started",
        RANGES,
    ),
    "a pending one may have ended": (
        "alter table holdfast.agent_executions drop constraint agent_executions_ended_at_when_ended,"
        " drop constraint agent_executions_started_at_when_started",
        FINISHED,
    ),
    "a table has no row-level security": (
        "alter table holdfast.directives disable row level security",
        SECURITY,
    ),
    "a table shows its rows to all": (
        "alter table holdfast.directives disable row level security",
        OWN_ONLY,
    ),
    "a partition has no row-level security": (
        "alter table holdfast.events_default disable row level security",
        SECURITY,
    ),
    "a second policy lets all in": (
        "create policy open on holdfast.questions for select to authenticated using (true)",
        SECURITY,
    ),
    "a policy lets all see": ("alter policy tenant on holdfast.questions using (true)", OWN_ONLY),
    "a policy is gone": ("drop policy tenant on holdfast.questions", OWN_ONLY),
    "a view reads as its owner": (
        "alter view holdfast.v_questions set (security_invoker = false)",
        OWN_ONLY,
    ),
    "a wall is down": (
        "create or replace function holdfast.visible_ventures() returns uuid[] language sql stable"
        " security definer as 'select array_agg(venture_id) from holdfast.ventures'",
        OWN_ONLY,
    ),
    "users may write": ("grant update on holdfast.auto_proceed_sessions to authenticated", GRANTS),
    "users may write one column": (
        "grant update (total_children) on holdfast.auto_proceed_sessions to authenticated",
        GRANTS,
    ),
    "anon may read a table": ("grant select on holdfast.directives to anon", GRANTS),
    "anon may call": (
        "grant usage on schema holdfast to anon;"
        " grant execute on function holdfast.add_directive to anon",
        GRANTS,
    ),
    "anon sees": (
        "grant usage on schema holdfast to anon; grant select on holdfast.plans to public",
        ANON,
    ),
    "the service may not call": (
        "revoke execute on function holdfast.claim_directive from service_role",
        GRANTS,
    ),
    "users may call a part": (
        "grant execute on function holdfast.emit to authenticated",
        GRANTS,
    ),
}


@pytest.mark.parametrize("sabotage", BY_STATEMENT)
async def test_verify_fails_when_the_schema_is_sabotaged(sabotage: str, holdfast_url: str) -> None:
    statement, check = BY_STATEMENT[sabotage]
    await support.execute(holdfast_url, statement)
    assert (await support.failures(holdfast_url)).get(check)


IN_FUNCTIONS = {
    "a phase alone counts up": (
        "holdfast.update_auto_proceed_progress",
        "coalesce(p_completed_children, completed_children)",
        "coalesce(p_completed_children, completed_children + 1)",
        PROGRESS,
    ),
    "an upsert erases progress": (
        "holdfast.upsert_auto_proceed_session",
        "total_children = coalesce(p_total_children, a.total_children)",
        "completed_children = 0",
        PROGRESS,
    ),
    "progress is not saved": (
        "holdfast.update_auto_proceed_progress",
        "current_phase = coalesce(p_current_phase, current_phase)",
        "current_phase = current_phase",
        ELEVEN[5],
    ),
    "an upsert drops the total": (
        "holdfast.upsert_auto_proceed_session",
        "coalesce(p_total_children, 0)",
        "10",
        ELEVEN[3],
    ),
    "the active session is not found": (
        "holdfast.get_active_auto_proceed_session",
        "and a.is_active",
        "and not a.is_active",
        ELEVEN[6],
    ),
    "deactivating only says so": (
        "holdfast.deactivate_auto_proceed_session",
        "and id = v_walk.id",
        "and false",
        ELEVEN[9],
    ),
    "an unknown session is a success": (
        "holdfast.require_auto_proceed",
        "if id is null then",
        "if false then",
        UNKNOWN,
    ),
    "somebody else's session is given": (
        "holdfast.get_active_auto_proceed_session",
        "if p_session_id is null then",
        "if false then",
        UNKNOWN,
    ),
    "moves are not looked at": (
        "holdfast.require_drawn",
        "if p_drawn is not true then",
        "if false then",
        DRAFT,
    ),
    "what ended may start": (
        "holdfast.require_drawn",
        "if p_drawn is not true then",
        "if false then",
        FINISHED,
    ),
    "an event is skipped": (
        "holdfast.emit_auto_proceed",
        "seq = seq + 1",
        "seq = seq + 2",
        EVENTS,
    ),
    "two events have one number": ("holdfast.emit_plan", "seq = seq + 1", "seq = seq", EVENTS),
    "every venture lets in": ("holdfast.enter", "not is_trusted()", "false", FOREIGN_CALLS),
    "a viewer may write": (
        "holdfast.ventures_with",
        "where n.value::member_role >= p_role",
        "where true",
        FOREIGN_CALLS,
    ),
    "something cannot be made": (
        "holdfast.save_checkpoint",
        "v_newest  bigint;",
        "v_newest  bigint := 1 / 0;",
        MAKING,
    ),
}


@pytest.mark.parametrize("sabotage", IN_FUNCTIONS)
async def test_verify_fails_when_a_function_is_sabotaged(sabotage: str, holdfast_url: str) -> None:
    function, old, new, check = IN_FUNCTIONS[sabotage]
    await support.replace_in_function(holdfast_url, function, old, new)
    assert (await support.failures(holdfast_url)).get(check)
