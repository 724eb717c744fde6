"""Sessions that walk one orchestrator at once: none gets what another has, and none waits for ever."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseError
from tests.support.meeting import meeting
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sql import call, connected, connected_many, until_waiting
from tests.support.walking import Walker, add_tree, status_of, walker

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

WALKERS, CHILDREN = 6, 18


async def test_sessions_that_walk_one_tree_at_once_share_it_out(holdfast_url: str) -> None:
    """Each child and the orchestrator itself is completed once, by one session, whatever the order."""
    children = [f"SD-{number}" for number in range(CHILDREN)]
    async with connected(holdfast_url) as watcher, connected_many(holdfast_url, WALKERS) as many:
        await add_tree(watcher, "SD-O", *children)
        walkers = [await walker(one, f"s{number}") for number, one in enumerate(many)]
        for mine in walkers:
            await mine.start("SD-O")

        took = await asyncio.gather(*(_walk_to_the_end(mine) for mine in walkers))

        counted = Counter(key for keys in took for key in keys)
        assert counted == Counter([*children, "SD-O"])
        assert await status_of(watcher, "SD-O") == "completed"


async def _walk_to_the_end(mine: Walker) -> list[str]:
    took = []
    decision, _ = await mine.walked()
    while decision != "pause":
        took.append(mine.at)
        decision, _ = await mine.walked("completed")
    return took


async def test_of_two_that_advance_at_once_the_second_takes_the_next_child(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        await add_tree(meet.watcher, "SD-O", "SD-A", "SD-B")
        first, second = await walker(meet.first, "s1"), await walker(meet.second, "s2")
        for mine in (first, second):
            await mine.start("SD-O")
        child = await meet.watcher.fetchval("select id from holdfast.directives where sd_key = 'SD-A'")  # fmt: skip
        async with meet.holding("directives", child):
            one = asyncio.create_task(first.walked())
            await until_waiting(meet.watcher, meet.first)
            other = asyncio.create_task(second.walked())
            await until_waiting(meet.watcher, meet.second)
        assert (await one, await other) == (("continue", "SD-A"), ("continue", "SD-B"))


async def test_sessions_that_want_each_others_directives_do_not_deadlock(
    holdfast_url: str,
) -> None:
    """Each finishes what stands before the other's next: whoever locked its own first would wait for ever."""
    async with meeting(holdfast_url) as meet:
        await add_tree(meet.watcher, "SD-1", "SD-1A", "SD-1B")
        await add_tree(meet.watcher, "SD-2", "SD-2A", "SD-2B")
        first, second = await walker(meet.first, "s1"), await walker(meet.second, "s2")
        for mine, root in ((first, "SD-1"), (second, "SD-2")):
            await mine.start(root)
            await mine.advance()
        child = await meet.watcher.fetchval("select id from holdfast.directives where sd_key = 'SD-1B'")  # fmt: skip
        async with meet.holding("directives", child):
            one = asyncio.create_task(first.walked("completed"))
            await until_waiting(meet.watcher, meet.first)
            # The other one's call comes from a person, and waits for what the first has locked by then.
            claiming = asyncio.create_task(
                call(meet.second, "switch_directive", session_id="s2", **second.fence, sd_key="SD-1A", take_over_reason="mine")
            )  # fmt: skip
            await until_waiting(meet.watcher, meet.second)
        assert await one == ("continue", "SD-1B")
        with pytest.raises(Exception, match="SD-1A is completed"):
            await claiming
        assert await second.walked("completed") == ("continue", "SD-2B")


async def test_a_child_that_is_claimed_in_this_moment_is_passed_over(
    holdfast_url: str, engine: PostgresEngine
) -> None:
    """It was free when it was looked at, and is not under the lock: the call is made again, by itself."""
    async with connected(holdfast_url) as connection, connected(holdfast_url) as watcher:
        await add_tree(connection, "SD-O", "SD-A", "SD-B")
        other, mine = await walker(connection, "other"), await walker(connection)
        await mine.start("SD-O")
        async with connection.transaction():
            claim = {"session_id": "other", **other.fence, "sd_key": "SD-A"}
            await call(connection, "claim_directive", **claim)
            told = asyncio.create_task(engine.call_row("advance", session_id="s", **mine.fence))
            await _until_one_waits(watcher)
        assert (await told)["sd_key"] == "SD-B"


async def _until_one_waits(watcher: Connection) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await watcher.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.005)


async def test_a_client_that_does_not_call_again_is_told_to(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        await add_tree(meet.watcher, "SD-O", "SD-A", "SD-B")
        other, mine = await walker(meet.second, "other"), await walker(meet.first)
        await mine.start("SD-O")
        async with meet.second.transaction():
            claim = {"session_id": "other", **other.fence, "sd_key": "SD-A"}
            await call(meet.second, "claim_directive", **claim)
            told = asyncio.create_task(mine.walked())
            await until_waiting(meet.watcher, meet.first)
        with pytest.raises(DatabaseError, match="The tree changed while this session advanced"):
            await told
        assert await mine.walked() == ("continue", "SD-B")
