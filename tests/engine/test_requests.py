"""Writes over HTTP: done once for each key, and only to what the caller has seen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import Conflict, IllegalMove, InvalidValue, NotFound
from tests.support.callers import asking, member
from tests.support.sql import (
    call,
    call_row,
    call_value,
    connected,
    connected_many,
    one,
    until_waiting,
)
from tests.support.world import DIRECTIVE, make_world

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

NEW = {"name": "SD-1", "title": "new"}


async def _act(connection: Connection, action: str, arguments: dict[str, Any], **more: Any) -> Any:
    return await call_row(connection, "do_request", action=action, arguments=arguments, **more)


async def test_a_request_that_is_sent_again_is_done_once(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        first = await _act(connection, "add_directive", NEW, key="a")
        again = await _act(connection, "add_directive", NEW, key="a")
        assert (first["repeated"], again["repeated"]) == (False, True)
        assert first["result"] == again["result"]
        assert await connection.fetchval("select count(*) from holdfast.directives") == 1


async def test_two_of_one_request_at_once_are_one(holdfast_url: str) -> None:
    async with connected_many(holdfast_url, 3) as (watcher, first, second):
        begun = first.transaction()
        await begun.start()
        done = await _act(first, "add_directive", NEW, key="a")
        waiting = asyncio.create_task(_act(second, "add_directive", NEW, key="a"))
        await until_waiting(watcher, second)
        await begun.commit()
        repeated = await waiting
        assert repeated["repeated"]
        assert repeated["result"] == done["result"]


async def test_a_key_that_came_with_another_request_is_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await _act(connection, "add_directive", NEW, key="a")
        with pytest.raises(InvalidValue, match="came with another request before"):
            await _act(connection, "add_directive", NEW | {"title": "other"}, key="a")


async def test_a_request_that_was_refused_may_be_sent_again(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        block = {"name": "SD-1", "status": "blocked", "reason": "why"}
        with pytest.raises(NotFound):
            await _act(connection, "override_directive", block, key="a")
        await _act(connection, "add_directive", NEW | {"status": "active"})
        assert not (await _act(connection, "override_directive", block, key="a"))["repeated"]


async def test_a_key_is_its_users_own(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        where = {"key": "a", "venture_id": world.venture_id}
        for user in ("Ann", "Ben"):
            async with asking(connection, "authenticated", member(world.venture_id, "agent", user)):
                row = await _act(connection, "add_directive", NEW, **where)
                assert not row["repeated"]


async def test_what_has_changed_since_it_was_read_is_left_alone(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        in_venture = {"venture_id": world.venture_id}
        row = await one(connection, "select seq from holdfast.directives where sd_key = $1", DIRECTIVE)  # fmt: skip
        move = {"name": DIRECTIVE, "phase": "EXEC"}
        with pytest.raises(Conflict, match="It has changed since you read it") as refusal:
            await _act(connection, "override_directive_phase", move, expected_seq=row["seq"] - 1, **in_venture)  # fmt: skip
        assert refusal.value.detail == {"expected_seq": row["seq"] - 1, "seq": row["seq"]}
        done = await _act(connection, "override_directive_phase", move, expected_seq=row["seq"], **in_venture)  # fmt: skip
        assert done["result"]["seq"] == row["seq"] + 1


async def test_a_change_between_the_look_and_the_lock_is_noticed(holdfast_url: str) -> None:
    async with connected_many(holdfast_url, 3) as (watcher, first, second):
        await _act(first, "add_directive", NEW | {"status": "active"})
        begun = first.transaction()
        await begun.start()
        await call(first, "override_directive_phase", sd_key="SD-1", phase="PLAN")
        move = {"name": "SD-1", "phase": "PLAN", "reason": "x"}
        waiting = asyncio.create_task(
            _act(
                second,
                "override_directive",
                {"name": "SD-1", "status": "cancelled"},
                expected_seq=1,
            )
        )
        await until_waiting(watcher, second)
        await begun.commit()
        with pytest.raises(Conflict, match="you saw 1, it is 2 now"):
            await waiting
        with pytest.raises(IllegalMove):
            await _act(first, "override_directive_phase", move)


async def test_a_questions_moves_are_its_versions(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "ours")
        answer = {"id": str(world.open_question), "answer": "yes"}
        in_venture = {"venture_id": world.venture_id}
        with pytest.raises(Conflict):
            await _act(connection, "answer_question", answer, expected_seq=2, **in_venture)
        await _act(connection, "answer_question", answer, expected_seq=1, **in_venture)


async def test_an_unknown_action_is_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        with pytest.raises(NotFound, match="no action explode"):
            await _act(connection, "explode", {})


async def test_keys_are_forgotten_after_a_day(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await _act(connection, "add_directive", NEW, key="a")
        assert await call_value(connection, "forget_requests") == 0
        await connection.execute("update holdfast.requests set created_at = created_at - interval '25 hours'")  # fmt: skip
        assert await call_value(connection, "forget_requests") == 1
