"""A token that does not hold the lease now is refused by every function, and nothing is changed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import LeaseLost
from tests.support.catalogue import public_functions
from tests.support.repertoire import BEATS, CALLS, Call, held, refused
from tests.support.sql import NO_TOKEN, Token, call, connected, set_clock, snapshot
from tests.support.world import EXPIRED_AT, World, Worlds, in_worlds

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

FENCED = {name: one for name, one in CALLS.items() if one.lease is not None}
# Beats of every kind of lease, besides the one that the repertoire holds.
CASES = FENCED | {f"renew_leases of a {kind}": one for kind, one in BEATS.items()}

# Every step of the plan is under way already; the others only read.
_CHANGES_NOTHING = {"advance_plan", "find_tool_call", "get_session_context"}


def _function(name: str) -> str:
    return name.partition(" ")[0]


def _stale_tokens(world: World, lease: str) -> dict[str, Token]:
    right, before = held(world, lease).token, held(world, lease).stale
    assert right.epoch is not None
    assert before.epoch is not None
    assert right.epoch > before.epoch
    return {
        "the holder's before": before,
        "the right epoch, the token before": Token(right.epoch, before.token),
        "the right token, the epoch before": Token(before.epoch, right.token),
        "the right token, a later epoch": Token(right.epoch + 1, right.token),
        "the right token, no epoch": Token(None, right.token),
        "a token that never was": Token(right.epoch, uuid.uuid4()),
        "no token": NO_TOKEN,
    }


async def _require_refused(
    connection: Connection, name: str, one: Call, world: World, token: Token
) -> None:
    arguments = one.fenced(world, token)
    if not one.many:
        with pytest.raises(LeaseLost):
            await call(connection, _function(name), **arguments)
        return
    (row,) = await call(connection, _function(name), **arguments)
    if "code" in row:
        assert row["code"] == LeaseLost.sqlstate, row["reason"]
    else:
        assert (row["kind"], row["id"]) == (arguments["kinds"][0], arguments["ids"][0])


async def _in_vain(connection: Connection, name: str, one: Call, arguments: dict[str, Any]) -> bool:
    rows = await call(connection, _function(name), **arguments)
    return one.many and bool(refused(rows))


async def test_every_function_that_takes_a_token_is_tested_here(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        functions = await public_functions(connection)
    assert {f.name for f in functions if f.is_fenced} == FENCED.keys()


@pytest.mark.parametrize("name", CASES)
async def test_a_stale_token_is_refused_and_changes_nothing(
    worlds_url: str, worlds: Worlds, name: str
) -> None:
    one = CASES[name]
    assert one.lease is not None
    world = worlds.ours
    async with in_worlds(worlds_url) as connection:
        before = await snapshot(connection)
        for what, token in _stale_tokens(world, one.lease).items():
            await _require_refused(connection, name, one, world, token)
            assert await snapshot(connection) == before, f"{name} with {what} changed something"
        if one.late:  # tests/sync shows until when
            return
        await set_clock(connection, EXPIRED_AT)
        await _require_refused(connection, name, one, world, held(world, one.lease).token)
        assert await snapshot(connection) == before, f"{name} after the lease ran out"
        await call(connection, "reap", venture_id=world.venture_id)
        before = await snapshot(connection)
        await _require_refused(connection, name, one, world, held(world, one.lease).token)
        assert await snapshot(connection) == before, f"{name} after the lease was ended"


@pytest.mark.parametrize("name", CASES)
async def test_the_token_of_the_lease_lets_the_same_call_through(
    worlds_url: str, worlds: Worlds, name: str
) -> None:
    """Or else the test before would show nothing."""
    one = CASES[name]
    world = worlds.ours
    async with in_worlds(worlds_url) as connection:
        before = await snapshot(connection)
        assert not await _in_vain(connection, name, one, one.fenced(world))
        changed = await snapshot(connection) != before
        assert changed or name in _CHANGES_NOTHING
