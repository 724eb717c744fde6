"""The checks of `verify` by name, and ways to break a schema so that one of them must fail."""

from __future__ import annotations

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

NAMES = {
    *ELEVEN,
    *INDEXES,
    RACE,
    PROGRESS,
    RANGES,
    FINISHED,
    DRAFT,
    UNKNOWN,
    SECURITY,
    MAKING,
    OWN_ONLY,
    FOREIGN_CALLS,
    ANON,
    EVENTS,
    GRANTS,
}

# What is done to the schema, and the check that must find it.
BY_STATEMENT = {
    "the table is gone": ("drop table holdfast.auto_proceed_sessions cascade", ELEVEN[0]),
    "the view is gone": ("drop view holdfast.v_active_auto_proceed_sessions cascade", ELEVEN[1]),
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
        "alter domain holdfast.percent drop constraint percent_range",
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

# A function, a part of its text, what stands there instead, and the check that must find it.
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
