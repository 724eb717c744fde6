"""The older names themselves: columns, indexes, views, functions and their parameters, as DESIGN.md lists them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.catalogue import public_functions
from tests.support.sql import call, call_row, call_value, connected, one

AUTO_PROCEED_COLUMNS = (
    "id, session_id, is_active, active_sd_key, chain_orchestrators, current_phase,"
    " parent_orchestrator_key, completed_children, total_children, metadata, created_at, updated_at,"
    " deactivated_at"
)
SUPERVISOR_COLUMNS = (
    "state, current_activity, progress, error_message, spawned_task_ids, pending_questions,"
    " restoration_count, last_restored_at, restoration_source"
)
WALK = "session_id, active_sd_key, chain_orchestrators, current_phase, parent_orchestrator_key, total_children, metadata"  # fmt: skip
SIGNATURES = {
    "upsert_auto_proceed_session": WALK,
    "update_auto_proceed_progress": "session_id, completed_children, current_phase, active_sd_key",
    "get_active_auto_proceed_session": "session_id",
    "deactivate_auto_proceed_session": "session_id",
    "update_supervisor_detailed_state": "supervisor_id, state, current_activity, progress, error_message",
    "add_supervisor_spawned_task": "supervisor_id, task_id",
    "add_supervisor_pending_question": "supervisor_id, question, options",
    "remove_supervisor_pending_question": "supervisor_id, question_id",
    "save_supervisor_state_full": "supervisor_id, state, current_activity, progress",
    "mark_supervisor_restored": "supervisor_id, source",
    "get_supervisors_with_pending_questions": "",
    "get_supervisor_state_for_restoration": "supervisor_id",
    "validate_spawned_tasks": "supervisor_id, task_ids",
    "update_supervisor_phase": "supervisor_id, phase",
    "update_supervisor_heartbeat_state": "supervisor_id",
}
INDEXES = {
    "session_id": "(venture_id, session_id)",
    "active": "(venture_id, is_active) WHERE is_active",
    "sd_key": "(venture_id, active_sd_key) WHERE (active_sd_key IS NOT NULL)",
    "created": "(venture_id, created_at DESC)",
    "unique_active": "(venture_id, session_id) WHERE is_active",
}


async def test_the_tables_and_views_have_the_columns_that_their_users_know(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        for columns, relation in (
            (AUTO_PROCEED_COLUMNS, "auto_proceed_sessions"),
            (
                f"{AUTO_PROCEED_COLUMNS}, progress_percentage, time_since_update",
                "v_active_auto_proceed_sessions",
            ),
            (SUPERVISOR_COLUMNS, "v_supervisors"),
        ):
            await connection.fetch(f"select {columns} from holdfast.{relation}")


@pytest.mark.parametrize("name", SIGNATURES)
async def test_a_function_has_the_parameters_that_its_users_know(
    holdfast_url: str, name: str
) -> None:
    async with connected(holdfast_url) as connection:
        (function,) = [f for f in await public_functions(connection) if f.name == name]
    known = [parameter for parameter in SIGNATURES[name].split(", ") if parameter]
    shared = [parameter for parameter in function.arguments if parameter in known]
    assert shared == known


async def test_the_trigger_function_has_its_name(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        found = await connection.fetchval(
            "select to_regprocedure('holdfast.update_auto_proceed_sessions_updated_at()') is not null"
        )
    assert found


@pytest.mark.parametrize("name", INDEXES)
async def test_the_five_indexes_are_there(holdfast_url: str, name: str) -> None:
    async with connected(holdfast_url) as connection:
        row = await one(
            connection,
            "select indexdef from pg_indexes where schemaname = 'holdfast' and indexname = $1",
            f"idx_auto_proceed_sessions_{name}",
        )
    assert row["indexdef"].endswith(INDEXES[name])
    assert ("UNIQUE" in row["indexdef"]) == (name == "unique_active")


async def test_an_update_by_hand_sets_updated_at(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await call(connection, "upsert_auto_proceed_session", session_id="s")
        await connection.execute("set holdfast.now = '2031-01-01 00:00+00'")
        await connection.execute("update holdfast.auto_proceed_sessions set total_children = 5")
        row = await one(connection, "select updated_at from holdfast.auto_proceed_sessions")
        assert row["updated_at"].year == 2031


async def test_the_walk_as_its_documents_tell_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        made = await connection.fetchval(
            "select holdfast.upsert_auto_proceed_session('s', 'SD-001', true, 'PLAN', 'SD-ORCH', 5, '{}')"
        )
        assert await connection.fetchval(
            "select holdfast.update_auto_proceed_progress('s', 2, 'EXEC', 'SD-002')"
        )
        active = await call_row(connection, "get_active_auto_proceed_session", session_id="s")
        assert (active["id"], active["active_sd_key"]) == (made, "SD-002")
        row = await one(connection, "select * from holdfast.v_active_auto_proceed_sessions")
        assert row["progress_percentage"] == Decimal("40.0")
        assert await call_value(connection, "deactivate_auto_proceed_session", session_id="s")
        row = await one(connection, "select * from holdfast.auto_proceed_sessions")
        assert not row["is_active"]
        assert row["deactivated_at"] is not None
        assert await call(connection, "get_active_auto_proceed_session", session_id="s") == []
        again = await call_value(connection, "upsert_auto_proceed_session", session_id="s")
        assert again != made


async def test_a_supervisors_operations_tell_what_they_did(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        made = await call_row(connection, "create_supervisor", name="coordinator")
        who = {"supervisor_id": made["id"]}
        task = await call_value(connection, "create_execution", name="task")
        await call(connection, "update_supervisor_detailed_state", **who, state="working",
            current_activity="thinking", progress=25)  # fmt: skip
        await call(connection, "add_supervisor_spawned_task", **who, task_id=task)
        question = await call_value(
            connection, "add_supervisor_pending_question", **who, question="go?", options=["yes"]
        )
        assert await call_value(connection, "mark_supervisor_restored", **who, source="manual") == 1
        row = await one(connection, "select * from holdfast.v_supervisors")
        assert (row["state"], row["current_activity"], row["progress"]) == (
            "working",
            "thinking",
            25,
        )
        assert row["spawned_task_ids"] == [task]
        assert [q["message"] for q in row["pending_questions"]] == ["go?"]
        assert (row["restoration_count"], row["restoration_source"]) == (1, "manual")
        (pending,) = await call(connection, "get_supervisors_with_pending_questions")
        assert pending["supervisor_id"] == made["id"]
        await call(connection, "remove_supervisor_pending_question", **who, question_id=question)
        assert await call(connection, "get_supervisors_with_pending_questions") == []
        state = await call_value(connection, "get_supervisor_state_for_restoration", **who)
        assert state["spawned_task_ids"] == [str(task)]
        assert "lease_token" not in state


async def test_a_task_that_is_not_a_supervisors_own_is_found_out(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        made = await call_row(connection, "create_supervisor", name="mine")
        other = await call_row(connection, "create_supervisor", name="hers")
        mine, hers = [
            await call_value(
                connection, "spawn_execution", supervisor_id=owner["id"], epoch=None, token=None,
                key="k", name="task", kind="command",
            )
            for owner in (made, other)
        ]  # fmt: skip
        unknown = made["id"]
        rows = await call(
            connection, "validate_spawned_tasks", supervisor_id=made["id"], task_ids=[mine, hers, unknown]
        )  # fmt: skip
        valid = {row["task_id"]: (row["valid"], row["reason"]) for row in rows}
        assert valid == {
            mine: (True, "it is under way"),
            hers: (False, "it belongs to another supervisor"),
            unknown: (False, "there is no such execution"),
        }
