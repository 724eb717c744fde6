"""The older systems' names work as their documents say, and each of their faults is gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from holdfast.errors import AlreadyClaimed, IllegalMove, InvalidValue, NotFound
from tests.support.callers import asking
from tests.support.sql import (
    Row,
    call,
    call_row,
    call_value,
    connected,
    connected_many,
    one,
    set_clock,
)

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

WALK = {"session_id": "s"}


async def _walk(connection: Connection) -> Row:
    return await one(
        connection, "select * from holdfast.auto_proceed_sessions where session_id = 's'"
    )


async def _begin_walk(connection: Connection, **given: Any) -> None:
    await call(connection, "upsert_auto_proceed_session", **WALK, total_children=3, **given)
    await call(connection, "update_auto_proceed_progress", **WALK, completed_children=3)


# --- the faults, one each ---------------------------------------------------------------------------------------------


async def test_a_progress_call_that_only_changes_the_phase_does_not_bump_the_counter(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await _begin_walk(connection)
        await call(connection, "update_auto_proceed_progress", **WALK, current_phase="EXEC")
        row = await one(connection, "select * from holdfast.v_active_auto_proceed_sessions")
        assert (row["completed_children"], row["current_phase"]) == (3, "EXEC")
        assert row["progress_percentage"] == 100


async def test_an_upsert_does_not_erase_progress(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await _begin_walk(
            connection, current_phase="PLAN", metadata={"a": 1}, chain_orchestrators=True
        )
        before = dict(await _walk(connection))
        await call(connection, "upsert_auto_proceed_session", **WALK, active_sd_key="SD-2")
        after = dict(await _walk(connection))
        assert after.pop("updated_at") >= before.pop("updated_at")
        assert after == before | {"active_sd_key": "SD-2"}


async def test_eight_racing_upserts_end_in_one_row_and_no_error(holdfast_url: str) -> None:
    async with connected_many(holdfast_url, 8) as racers:
        for number in range(10):
            arguments = {"session_id": f"s{number}", "total_children": 5}
            made = await asyncio.gather(
                *(call_value(racer, "upsert_auto_proceed_session", **arguments) for racer in racers)
            )
            assert len(set(made)) == 1
        count = await racers[0].fetchval("select count(*) from holdfast.auto_proceed_sessions")
        assert count == 10


async def test_get_active_without_an_id_does_not_return_somebody_elses_session(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await _begin_walk(connection)
        with pytest.raises(InvalidValue):
            await call(connection, "get_active_auto_proceed_session")
        assert await call(connection, "get_active_auto_proceed_session", session_id="other") == []


@pytest.mark.parametrize("function", ["update_auto_proceed_progress", "deactivate_auto_proceed_session"])  # fmt: skip
async def test_an_update_of_an_unknown_session_is_no_success(
    holdfast_url: str, function: str
) -> None:
    async with connected(holdfast_url) as connection:
        with pytest.raises(NotFound):
            await call(connection, function, session_id="unknown")
        assert await connection.fetchval("select count(*) from holdfast.events") == 0


@pytest.mark.parametrize(("completed", "total"), [(-1, None), (4, None), (None, -1), (None, 2)])
async def test_negative_counts_and_more_than_all_are_refused(
    holdfast_url: str, completed: int | None, total: int | None
) -> None:
    async with connected(holdfast_url) as connection:
        await _begin_walk(connection)
        with pytest.raises(InvalidValue):
            if total is None:
                await call(
                    connection, "update_auto_proceed_progress", **WALK, completed_children=completed
                )
            else:
                await call(connection, "upsert_auto_proceed_session", **WALK, total_children=total)
        row = await _walk(connection)
        assert (row["completed_children"], row["total_children"]) == (3, 3)


async def test_a_write_does_not_wipe_a_neighbours_field(holdfast_url: str) -> None:
    """Whichever function writes metadata: what it does not name stays, two levels deep."""
    old = {"branch": "main", "execution_state": {"currentSd": "SD-1", "isActive": True}}
    new = {"auto_proceed": True, "execution_state": {"currentSd": "SD-2"}}
    merged = {"branch": "main", "auto_proceed": True, "execution_state": {"currentSd": "SD-2", "isActive": True}}  # fmt: skip
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        session = await call_row(connection, "start_session", **WALK, metadata=old)
        fence = {"epoch": session["epoch"], "token": session["token"]}
        await call(connection, "save_session", **WALK, **fence, metadata=new)
        assert await _metadata(connection, "claude_sessions") == merged
        await set_clock(connection, 60)
        await call(connection, "start_session", **WALK, metadata={"execution_state": {"wasInterrupted": True}})  # fmt: skip
        resumed = (await _metadata(connection, "claude_sessions"))["execution_state"]
        assert resumed == {"currentSd": "SD-2", "isActive": True, "wasInterrupted": True}

        made = await call_row(connection, "create_supervisor", name="s", metadata=old)
        supervisor = {"supervisor_id": made["id"], "epoch": None, "token": None}
        await call(connection, "save_supervisor", **supervisor, metadata=new)
        assert await _metadata(connection, "supervisor_states") == merged
        await call(connection, "upsert_auto_proceed_session", **WALK, metadata=old)
        await call(connection, "upsert_auto_proceed_session", **WALK, metadata=new)
        assert await _metadata(connection, "auto_proceed_sessions") == merged


async def _metadata(connection: Connection, table: str) -> Any:
    return (await one(connection, f"select metadata from holdfast.{table}"))["metadata"]


async def test_two_writers_at_once_lose_neither_field(holdfast_url: str) -> None:
    async with connected_many(holdfast_url, 8) as writers:
        made = await call_row(writers[0], "create_supervisor", name="s")
        who = {"supervisor_id": made["id"], "epoch": None, "token": None}
        await asyncio.gather(
            *(
                call(w, "save_supervisor", **who, metadata={f"k{n}": n})
                for n, w in enumerate(writers)
            )
        )
        assert await _metadata(writers[0], "supervisor_states") == {f"k{n}": n for n in range(8)}


async def test_a_claim_stands_in_one_row_that_cannot_drift(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        places = await connection.fetch(
            "select c.relname from pg_constraint k join pg_class c on c.oid = k.conrelid"
            " where k.contype = 'f' and k.confrelid = 'holdfast.claude_sessions'::regclass"
            " and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'lease_token')"
            " and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'directive_id')"
            " and c.relname not in ('supervisor_states', 'agent_executions')"
        )
        assert [row["relname"] for row in places] == ["directive_claims"]
        columns = await connection.fetch(
            "select attname from pg_attribute where attrelid = 'holdfast.directives'::regclass"
            " and attname ~ 'session|claim|lease|holder'"
        )
        assert columns == []


async def test_a_live_workers_claim_is_not_stolen_while_one_tool_call_takes_long(
    holdfast_url: str,
) -> None:
    """An hour without a word, but with beats: the claim is held."""
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        await call(connection, "add_directive", sd_key="SD-1", title="t", status="active")
        session = await call_row(connection, "start_session", **WALK)
        fence = {"epoch": session["epoch"], "token": session["token"]}
        claim = await call_row(connection, "claim_directive", **WALK, **fence, sd_key="SD-1")
        for seconds in range(20, 3600, 20):
            await set_clock(connection, seconds)
            lost = await call(
                connection, "renew_leases", kinds=["session", "directive"],
                ids=[session["id"], claim["directive_id"]],
                epochs=[session["epoch"], claim["epoch"]], tokens=[session["token"], claim["token"]],
            )  # fmt: skip
            assert lost == []
            await call(connection, "reap")
        other = await call_row(connection, "start_session", session_id="other")
        with pytest.raises(AlreadyClaimed) as refusal:
            await call(
                connection, "claim_directive", session_id="other", epoch=other["epoch"],
                token=other["token"], sd_key="SD-1",
            )  # fmt: skip
        assert refusal.value.detail["holder"] == "s"


async def test_an_update_of_more_than_8000_bytes_is_not_aborted_by_a_notification(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        session = await call_row(connection, "start_session", **WALK)
        fence = {"epoch": session["epoch"], "token": session["token"]}
        large = {f"field {n}": "x" * 50 for n in range(500)}
        await connection.execute("listen agent_execution_updates")
        await call(connection, "save_session", **WALK, **fence, metadata=large)
        assert await _metadata(connection, "claude_sessions") == large
        source = await connection.fetch(
            "select proname from pg_proc where pronamespace = 'holdfast'::regnamespace"
            " and prosrc ~* 'pg_notify|\\ynotify\\y'"
        )
        assert source == []  # the doorbell is rung after the commit, by who is outside


async def test_completed_does_not_become_pending(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        made = await call_value(connection, "create_execution", name="e", kind="k")
        await call(connection, "start_execution", execution_id=made)
        await call(connection, "finish_execution", execution_id=made, status="completed")
        with pytest.raises(IllegalMove):
            await call(connection, "start_execution", execution_id=made)
        with pytest.raises(IllegalMove):
            await call(connection, "finish_execution", execution_id=made, status="pending")
        assert await call(connection, "claim_executions", holder="w", kinds=["k"]) == []
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("update holdfast.agent_executions set status = 'pending'")


async def test_being_signed_in_does_not_let_a_user_read_everything(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await _begin_walk(connection)
        async with asking(connection, "authenticated", {"sub": "Mallory", "role": "authenticated"}):
            for table in ("auto_proceed_sessions", "v_active_auto_proceed_sessions", "events"):
                assert await connection.fetch(f"select * from holdfast.{table}") == []


async def test_priority_is_a_number_and_sorts_as_one(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for priority in (100, 9, 10):
            await call(
                connection, "create_execution", name=str(priority), kind="k", priority=priority
            )
            await call(connection, "create_supervisor", name=str(priority), handler="h", priority=priority)  # fmt: skip
        executions = await call(connection, "claim_executions", holder="w", kinds=["k"], limit=3)
        supervisors = await call(
            connection, "claim_supervisors", holder="w", handlers=["h"], limit=3
        )
        assert (
            [r["name"] for r in executions]
            == [r["name"] for r in supervisors]
            == ["9", "10", "100"]
        )
