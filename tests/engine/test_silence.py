"""A silent but healthy session says so beforehand, and a switch of directives is one change or none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import AlreadyClaimed, Conflict, InvalidValue, LeaseLost, NotFound
from tests.support.sql import (
    START,
    call,
    call_row,
    call_value,
    connected,
    one,
    set_clock,
    snapshot,
    until_waiting,
)

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

MINUTE = 60


async def session(connection: Connection, session_id: str = "s1") -> dict[str, Any]:
    """A session under a lease of a minute."""
    row = await call_row(connection, "start_session", session_id=session_id, lease_seconds=MINUTE)
    return {"session_id": session_id, "epoch": row["epoch"], "token": row["token"]}


async def claimed(connection: Connection, fence: dict[str, Any], sd_key: str = "SD-1") -> Any:
    return await call_row(
        connection, "claim_directive", **fence, sd_key=sd_key, lease_seconds=MINUTE
    )


@asynccontextmanager
async def place(url: str) -> AsyncIterator[Connection]:
    """A connection whose clock stands, with two directives."""
    async with connected(url) as connection:
        await set_clock(connection)
        for sd_key in ("SD-1", "SD-2"):
            await call(connection, "add_directive", sd_key=sd_key, title="t", status="active")
        yield connection


async def test_a_declared_silence_keeps_both_leases(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        await claimed(connection, fence)

        until = await call_value(connection, "declare_silence", **fence, minutes=45, reason="build")

        assert until == START + timedelta(minutes=45)
        row = await one(connection, "select * from holdfast.claude_sessions")
        assert (row["expected_silence_until"], row["lease_expires_at"]) == (until, until)
        held = await one(connection, "select * from holdfast.directive_claims")
        assert held["lease_expires_at"] == until
        event = await one(connection, "select * from holdfast.events where type = 'session.silent'")
        assert (event["data"]["reason"], event["seq"]) == ("build", row["seq"])
        await set_clock(connection, 44 * MINUTE)
        assert await call(connection, "reap") == []
        other = await session(connection, "s2")
        with pytest.raises(AlreadyClaimed):
            await claimed(connection, other)
        await set_clock(connection, 45 * MINUTE)
        await call(connection, "reap")
        states = await connection.fetch("select distinct state::text from holdfast.claude_sessions")
        assert [row[0] for row in states] == ["lost"]


async def test_a_heartbeat_ends_a_silence_and_takes_back_what_it_prolonged(
    holdfast_url: str,
) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        await claimed(connection, fence)
        await call(connection, "declare_silence", **fence, minutes=45)
        now = await set_clock(connection, 10 * MINUTE)

        beat = await call_row(connection, "renew_session", **fence, lease_seconds=MINUTE)

        soon = now + timedelta(minutes=1)
        assert (beat["expires_at"], beat["claim_expires_at"]) == (soon, soon)
        assert beat["silence_ended"]
        row = await one(connection, "select * from holdfast.claude_sessions")
        assert row["expected_silence_until"] is None
        last = await one(
            connection, "select * from holdfast.events where stream = 'session' order by seq desc"
        )
        assert (last["type"], last["seq"]) == ("session.silence_ended", row["seq"])
        before = await snapshot(connection)
        again = await call_row(connection, "renew_session", **fence, lease_seconds=MINUTE)
        assert not again["silence_ended"]
        assert await snapshot(connection) == before  # a beat has no event


@pytest.mark.parametrize("minutes", [0, -1, 45.0001, float("nan"), float("inf"), None])
async def test_a_silence_is_at_most_45_minutes(holdfast_url: str, minutes: float | None) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        before = await snapshot(connection)
        with pytest.raises(InvalidValue, match="is not between 0 and 45"):
            await call(connection, "declare_silence", **fence, minutes=minutes)
        assert await snapshot(connection) == before


async def test_a_silence_does_not_shorten_a_lease(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        await call(connection, "declare_silence", **fence, minutes=0.1)
        row = await one(connection, "select * from holdfast.claude_sessions")
        assert row["lease_expires_at"] == START + timedelta(minutes=1)


async def test_neither_a_silence_nor_a_heartbeat_raises_the_dead(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        await set_clock(connection, 2 * MINUTE)
        before = await snapshot(connection)
        with pytest.raises(LeaseLost, match="ran out"):
            await call(connection, "declare_silence", **fence, minutes=5)
        with pytest.raises(LeaseLost, match="ran out"):
            await call(connection, "renew_session", **fence)
        assert await snapshot(connection) == before


async def test_a_claim_that_ran_out_is_neither_renewed_nor_prolonged(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        await claimed(connection, fence)
        await set_clock(connection, 50)
        await call(connection, "save_session", **fence)
        kinds = {"kinds": ["session"], "ids": [(await one(connection, "select id from holdfast.claude_sessions"))["id"]]}  # fmt: skip
        await call(connection, "renew_leases", **kinds, epochs=[fence["epoch"]], tokens=[fence["token"]])  # fmt: skip
        await set_clock(connection, 70)
        await call(connection, "declare_silence", **fence, minutes=5)

        beat = await call_row(connection, "renew_session", **fence)

        assert (beat["sd_key"], beat["claim_held"]) == ("SD-1", False)
        assert beat["claim_expires_at"] == START + timedelta(minutes=1)


async def test_the_end_of_a_session_ends_its_silence(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        for session_id, function in (("s1", "end_session"), ("s2", "interrupt_session")):
            fence = await session(connection, session_id)
            await call(connection, "declare_silence", **fence, minutes=5)
            await call(connection, function, **fence)
        rows = await connection.fetch("select expected_silence_until from holdfast.claude_sessions")
        assert [row[0] for row in rows] == [None, None]


async def test_two_sessions_that_change_places_do_not_deadlock(holdfast_url: str) -> None:
    """Each waits for the other's directive; the second one gets what the first has released."""
    async with place(holdfast_url) as first, connected(holdfast_url) as second:
        async with connected(holdfast_url) as watcher:
            await set_clock(second)
            one_, two = await session(first, "s1"), await session(second, "s2")
            await claimed(first, one_, "SD-1")
            await claimed(second, two, "SD-2")
            force = {"take_over_reason": "they change places"}
            async with asyncio.TaskGroup() as group:
                async with first.transaction():
                    await call(first, "switch_directive", **one_, sd_key="SD-2", **force)
                    task = group.create_task(
                        call_row(second, "switch_directive", **two, sd_key="SD-1", **force)
                    )
                    await until_waiting(watcher, second)
            switched = task.result()
            assert (switched["mechanism"], switched["released"]) == ("free", None)
            rows = await watcher.fetch(
                "select sd_key, claimed_by from holdfast.v_directives order by sd_key"
            )
            assert [tuple(row) for row in rows] == [("SD-1", "s2"), ("SD-2", "s1")]


async def test_a_switch_to_what_is_nowhere_changes_nothing(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        await claimed(connection, fence)
        before = await snapshot(connection)
        with pytest.raises(NotFound):
            await call(connection, "switch_directive", **fence, sd_key="SD-9")
        assert await snapshot(connection) == before


async def test_a_switch_to_what_it_holds_is_a_new_token(holdfast_url: str) -> None:
    async with place(holdfast_url) as connection:
        fence = await session(connection)
        before = await claimed(connection, fence)
        after = await call_row(connection, "switch_directive", **fence, sd_key="SD-1")
        assert (after["mechanism"], after["released"]) == ("again", None)
        assert (after["epoch"], after["token"] != before["token"]) == (2, True)


async def test_two_imports_of_one_tree_at_once_make_it_once(holdfast_url: str) -> None:
    tree = [{"key": "SD-R", "title": "r"}, {"key": "SD-C", "title": "c", "parent": "SD-R"}]
    async with connected(holdfast_url) as first, connected(holdfast_url) as second:
        async with connected(holdfast_url) as watcher, asyncio.TaskGroup() as group:
            async with first.transaction():
                made = await call(first, "import_directives", directives=tree)
                task = group.create_task(call(second, "import_directives", directives=tree))
                await until_waiting(watcher, second)
        assert [tuple(row) for row in made] == [("SD-R", "created"), ("SD-C", "created")]
        assert [row["outcome"] for row in task.result()] == ["unchanged", "unchanged"]


@pytest.mark.parametrize("wrong", [None, {}, [], [{"key": "SD-1"}] * 1001, [{}], [7], [{"key": "SD-9"}]])  # fmt: skip
async def test_an_import_of_nonsense_is_refused_and_changes_nothing(
    holdfast_url: str, wrong: Any
) -> None:
    async with place(holdfast_url) as connection:
        before = await snapshot(connection)
        with pytest.raises((InvalidValue, Conflict, NotFound)):
            await call(connection, "import_directives", directives=wrong)
        assert await snapshot(connection) == before
