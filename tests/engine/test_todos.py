"""The todo list that an agent program keeps becomes the steps of its session's execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import IllegalMove, InvalidValue, LeaseLost
from tests.support.sql import START, call, call_row, connected, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


def todo(key: str, status: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "content": key, "status": status, **more}


async def session(connection: Connection, **more: Any) -> dict[str, Any]:
    row = await call_row(connection, "start_session", session_id="s1", lease_seconds=60, **more)
    return {"session_id": "s1", "epoch": row["epoch"], "token": row["token"]}


async def record(
    connection: Connection, fence: dict[str, Any], *items: dict[str, Any], is_whole: bool = True
) -> Any:
    return await call_row(connection, "record_todos", **fence, items=list(items), is_whole=is_whole)


async def steps(connection: Connection) -> dict[str, str]:
    rows = await connection.fetch(
        "select name, status::text from holdfast.execution_steps order by execution_id, position"
    )
    return {row["name"]: row["status"] for row in rows}


async def count(connection: Connection, event: str) -> int:
    row = await one(connection, "select count(*) from holdfast.events where type = $1", event)
    return int(row[0])


async def test_progress_is_derived_from_a_list_that_changes(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        fence = await session(connection, agent="claude")
        first = await record(
            connection,
            fence,
            todo("read", "in_progress", active_form="reading"),
            todo("write", "pending"),
        )
        assert (first["completed_steps"], first["total_steps"], first["activity"]) == (
            0,
            2,
            "reading",
        )

        then = await record(
            connection,
            fence,
            todo("read", "completed"),
            todo("write", "in_progress"),
            todo("test", "pending"),
        )

        assert then["execution_id"] == first["execution_id"]
        assert (then["completed_steps"], then["total_steps"], then["activity"]) == (1, 3, "write")
        assert await steps(connection) == {"read": "completed", "write": "running"}
        row = await one(connection, "select * from holdfast.agent_executions")
        assert (row["agent"], row["status"], float(row["progress"])) == ("claude", "running", 33.33)


async def test_the_same_list_again_changes_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        await record(connection, fence, todo("read", "in_progress"))
        before = await count(connection, "execution.progressed")

        await record(connection, fence, todo("read", "in_progress"))

        assert before == 1
        assert await count(connection, "execution.progressed") == before


async def test_what_is_dropped_was_skipped_and_what_was_done_still_counts(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        await record(
            connection,
            fence,
            todo("a", "completed"),
            todo("b", "in_progress"),
            todo("c", "pending"),
        )

        row = await record(connection, fence, todo("d", "in_progress"))

        assert await steps(connection) == {"a": "completed", "b": "skipped", "d": "running"}
        assert (row["completed_steps"], row["total_steps"]) == (2, 3)


async def test_what_is_done_is_not_undone(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        await record(connection, fence, todo("a", "completed"), todo("b", "pending"))

        row = await record(connection, fence, todo("a", "in_progress"), todo("b", "pending"))

        assert await steps(connection) == {"a": "completed"}
        assert (row["completed_steps"], row["total_steps"]) == (1, 2)


async def test_changes_of_single_items_leave_the_others(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        for key in ("1", "2", "3"):
            await record(
                connection,
                fence,
                {"key": key, "content": f"task {key}", "status": "pending"},
                is_whole=False,
            )

        await record(connection, fence, {"key": "2", "status": "in_progress"}, is_whole=False)
        row = await record(connection, fence, {"key": "3", "status": "deleted"}, is_whole=False)

        assert (row["total_steps"], row["activity"]) == (2, "task 2")
        assert await steps(connection) == {"task 2": "running"}


async def test_a_list_is_of_the_directive_that_is_held(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        for key in ("SD-1", "SD-2"):
            await call(
                connection, "add_directive", sd_key=key, title=f"about {key}", status="active"
            )
        await call(connection, "claim_directive", **fence, sd_key="SD-1")
        await record(connection, fence, todo("a", "completed"), todo("b", "in_progress"))

        await call(connection, "switch_directive", **fence, sd_key="SD-2")
        await record(connection, fence, todo("c", "in_progress"))

        rows = await connection.fetch(
            "select name, status::text, error_message from holdfast.agent_executions order by created_at, id"
        )
        assert {(row["name"], row["status"]) for row in rows} == {
            ("about SD-1", "cancelled"),
            ("about SD-2", "running"),
        }
        over = next(row for row in rows if row["status"] == "cancelled")
        assert over["error_message"].startswith("1 of 2 todo items were done")


@pytest.mark.parametrize(("last", "status"), [("completed", "completed"), ("pending", "cancelled")])
async def test_a_session_that_ends_ends_its_list(holdfast_url: str, last: str, status: str) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        await record(connection, fence, todo("a", "completed"), todo("b", last))

        await call(connection, "end_session", **fence)

        row = await one(connection, "select status::text from holdfast.agent_executions")
        assert row["status"] == status


@pytest.mark.parametrize(
    "items",
    [
        {},
        [{"content": "no key", "status": "pending"}],
        [{"key": "a", "status": "done"}],
        ["text"],
        [todo(f"{i}", "pending") for i in range(501)],
    ],
)
async def test_a_list_of_another_form_is_refused(holdfast_url: str, items: Any) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        with pytest.raises(InvalidValue, match="item"):
            await call(connection, "record_todos", **fence, items=items)


async def test_a_session_that_lost_its_lease_records_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        fence = await session(connection)
        await set_clock(connection, 61)
        with pytest.raises(LeaseLost):
            await record(connection, fence, todo("a", "pending"))
        row = await one(connection, "select count(*) from holdfast.agent_executions")
        assert row[0] == 0


async def test_a_session_that_ended_goes_on_only_where_its_program_resumes_it(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        await call(connection, "end_session", **await session(connection), reason="exit")
        with pytest.raises(IllegalMove, match="ended at"):
            await session(connection)

        await session(connection, reopen=True)

        row = await one(connection, "select * from holdfast.claude_sessions")
        assert (row["state"], row["ended_at"], row["end_reason"]) == ("running", None, None)
        assert row["lease_expires_at"] > START
        assert await count(connection, "session.resumed") == 1
        assert await count(connection, "session.lost") == 0


async def test_a_beat_of_the_process_alone_does_not_end_a_silence(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        fence = await session(connection)
        await call(connection, "declare_silence", **fence, minutes=10)

        quiet = await call_row(connection, "renew_session", **fence, is_heard=False)

        assert quiet["silence_ended"] is False
        row = await one(connection, "select expected_silence_until from holdfast.claude_sessions")
        assert row["expected_silence_until"] is not None
        assert (await call_row(connection, "renew_session", **fence))["silence_ended"] is True


async def test_the_list_of_a_session_that_went_silent_is_interrupted(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        fence = await session(connection)
        await record(connection, fence, todo("read", "in_progress"))
        interrupted = "select interrupted from holdfast.v_executions"
        assert (await one(connection, interrupted))[0] is False

        await set_clock(connection, 61)

        assert (await one(connection, interrupted))[0] is True
