"""One change, one event, one transaction; every stream counts 1, 2, 3 … without a gap."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import Refused
from tests.support.catalogue import public_functions
from tests.support.conversations import DROPPING, KEEPING
from tests.support.repertoire import CALLS, WITHOUT_VENTURE, Call, refused
from tests.support.sql import START, call, connected, connected_many, one
from tests.support.world import World, Worlds, in_worlds, make_world

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

WRITERS, TURNS = 6, 120
CHANGES = {name: one for name, one in CALLS.items() if one.event}
# Reads, beats, and sweeps that found nothing: nobody is told.
QUIET = {name: one for name, one in CALLS.items() if not one.event}

# Every stream: how many events, whether they are 1 … n, and what the counter on its row says.
_STREAMS = """
with counters as (
    select 'venture' as stream, venture_id as id, seq from holdfast.ventures
    union all select 'directive', id, seq from holdfast.directives
    union all select 'session', id, seq from holdfast.claude_sessions
    union all select 'supervisor', id, seq from holdfast.supervisor_states
    union all select 'execution', id, seq from holdfast.agent_executions
    union all select 'plan', id, seq from holdfast.plans
), streams as (
    select stream::text, stream_id as id, count(*) as events, array_agg(seq order by seq) as seqs, max(seq) as newest
    from holdfast.events group by 1, 2
)
select coalesce(s.stream, c.stream) as stream, coalesce(s.id, c.id) as id, coalesce(s.events, 0) as events,
    coalesce(s.newest, 0) as newest, c.seq as counter,
    coalesce(s.seqs = array(select generate_series(1, s.events)), true) as gapless
from counters c full join streams s on s.stream = c.stream and s.id = c.id
"""
_DISORDER = """
select count(*) from (
    select time < lag(time) over w as backwards, xid is null as unmarked
    from holdfast.events where time < $1 window w as (partition by stream_id order by seq)) e
where backwards or unmarked
"""
_OF_THIS_TRANSACTION = "select count(*) from holdfast.events where xid = pg_current_xact_id()"


async def _require_whole_streams(connection: Connection) -> int:
    rows = await connection.fetch(_STREAMS)
    for row in rows:
        told = f"{row['stream']} {row['id']}"
        assert row["gapless"], f"{told} has a gap"
        assert row["counter"] == row["newest"] == row["events"], told
    return sum(row["events"] for row in rows)


async def test_every_function_that_writes_is_tested_here(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        functions = await public_functions(connection)
    assert {f.name for f in functions} == CALLS.keys() | WITHOUT_VENTURE.keys()
    assert {f.name for f in functions if f.writes} - WITHOUT_VENTURE.keys() == CHANGES.keys() | {
        "advance_plan",
        "claim_notifications",
        "finish_notifications",
        "claim_drift_checks",
        "release_drift_check",
        *(KEEPING | DROPPING),  # which no stream tells
        "reap",
        "renew_leases",
        "renew_session",
        "report_hooks",
    }


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_writes_its_event_in_its_own_transaction(
    worlds_url: str, worlds: Worlds, name: str
) -> None:
    world = worlds.ours
    async with in_worlds(worlds_url) as connection:
        before = await _require_whole_streams(connection)
        async with connection.transaction():
            rows = await call(connection, name, **CHANGES[name].fenced(world))
            assert not (CHANGES[name].many and refused(rows)), rows
            written = await connection.fetchval(_OF_THIS_TRANSACTION)
            assert written >= 1, f"{name} told nobody"
        assert await _require_whole_streams(connection) == before + written


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_that_is_rolled_back_leaves_no_event_and_no_gap(
    worlds_url: str, worlds: Worlds, name: str
) -> None:
    world = worlds.ours
    async with in_worlds(worlds_url) as connection:
        before = await _require_whole_streams(connection)
        transaction = connection.transaction()
        await transaction.start()
        await call(connection, name, **CHANGES[name].fenced(world))
        await transaction.rollback()
        assert await _require_whole_streams(connection) == before
        await call(connection, name, **CHANGES[name].fenced(world))
        assert await _require_whole_streams(connection) > before


@pytest.mark.parametrize("name", QUIET)
async def test_what_changes_nothing_for_subscribers_writes_no_event(
    worlds_url: str, worlds: Worlds, name: str
) -> None:
    world = worlds.ours
    async with in_worlds(worlds_url) as connection:
        before = await _require_whole_streams(connection)
        await call(connection, name, **QUIET[name].fenced(world))
        assert await _require_whole_streams(connection) == before


async def test_all_functions_at_once_with_rollbacks_leave_no_gap_in_any_stream(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as watcher:
        worlds = [await make_world(watcher, slug) for slug in ("one", "other")]
        before = await _require_whole_streams(watcher)
        async with connected_many(holdfast_url, WRITERS) as writers:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_write_at_random(writer, worlds, random.Random(seed)))
                    for seed, writer in enumerate(writers)
                ]
        used = set().union(*(task.result() for task in tasks))
        assert await _require_whole_streams(watcher) > before + WRITERS
        assert await watcher.fetchval(_DISORDER, START) == 0  # the writers' own, on the real clock
        assert len(used) > len(CALLS) // 3, f"only {sorted(used)} succeeded"


async def _write_at_random(
    connection: Connection, worlds: list[World], chance: random.Random
) -> set[str]:
    """Calls in any order; refusals are part of it. Gives the names of those that were committed."""
    done = set()
    # What ends a noun for good comes last, or the rest would only be refusals.
    names = sorted(CALLS, key=lambda name: (name.startswith(_LAST), chance.random()))
    for turn in range(TURNS):
        name = names[turn * len(names) // TURNS]
        transaction = connection.transaction()
        await transaction.start()
        try:
            await call(connection, name, **_varied(CALLS[name], chance.choice(worlds), turn))
        except Refused:
            await transaction.rollback()
            continue
        if chance.random() < 0.3:
            await transaction.rollback()
        else:
            await transaction.commit()
            done.add(name)
    return done


_LAST = ("finish_", "end_", "interrupt_", "release_", "cancel_", "move_directive")


def _varied(one: Call, world: World, turn: int) -> dict[str, Any]:
    """The arguments, with names of one's own for what is new."""
    arguments = one.fenced(world)
    for name in ("sd_key", "session_id", "key", "user_id", "name"):
        value = arguments.get(name)
        if isinstance(value, str) and "new" in value.lower():
            arguments[name] = f"{value}-{turn}-{id(arguments)}"
    return arguments


async def test_an_event_says_who_did_it_and_in_which_transaction(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        async with connection.transaction():
            await connection.execute("""select set_config('request.jwt.claims', '{"sub": "Ann"}', true)""")  # fmt: skip
            await call(connection, "add_directive", sd_key="SD-1", title="t")
            xid = await connection.fetchval("select pg_current_xact_id()::text")
        event = await one(connection, "select *, xid::text as x from holdfast.events")
        assert (event["actor"], event["x"], event["seq"]) == ("Ann", xid, 1)
        assert (event["stream"], event["type"]) == ("directive", "directive.created")
