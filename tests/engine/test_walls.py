"""Tenants are walls: every public function × every role × a foreign venture."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import MissingRights, NotAllowed, Refused
from tests.support.callers import ROLES, asking, member
from tests.support.catalogue import Function, public_functions
from tests.support.repertoire import CALLS, WITHOUT_VENTURE
from tests.support.sql import call, call_value, connected, snapshot
from tests.support.world import FOREIGN, OURS, Worlds, in_worlds

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

# Plausible nonsense for each type: names what is nowhere, in every shape that the functions take.
_NONSENSE: dict[str, Any] = {
    "uuid": uuid.UUID(int=7),
    "_uuid": [uuid.UUID(int=7)],
    "text": "nonsense",
    "_text": ["nonsense"],
    "int4": -1,
    "_int4": [-1],
    "int8": -1,
    "_int8": [-1],
    "float8": -1.0,
    "numeric": -1,
    "_numeric": [-1],
    "bool": True,
    "jsonb": {"nonsense": True},
    "_jsonb": [{"nonsense": True}],
    "_bytea": [b"nonsense"],
    "member_role": "owner",
}


def _nonsense(function: Function, venture_id: uuid.UUID) -> dict[str, Any]:
    """A wrong value for each argument; enums and times, whose wrong values do not even parse, are null."""
    arguments = {name: _NONSENSE.get(type_) for name, type_ in function.arguments.items()}
    return arguments | {"venture_id": venture_id}


def _nothing(function: Function, venture_id: uuid.UUID) -> dict[str, Any]:
    return dict.fromkeys(function.arguments) | {"venture_id": venture_id}


async def _require_not_allowed(
    connection: Connection, claims: dict[str, Any] | None, name: str, arguments: dict[str, Any]
) -> None:
    async with asking(connection, "authenticated", claims):
        with pytest.raises(NotAllowed) as refusal:
            await call(connection, name, **arguments)
    assert refusal.value.hint


async def _functions(connection: Connection) -> list[Function]:
    return [f for f in await public_functions(connection) if f.names_venture]


async def test_every_function_is_tested_here(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        functions = await public_functions(connection)
    assert {f.name for f in functions if f.names_venture} == CALLS.keys()
    assert {f.name for f in functions if not f.names_venture} == WITHOUT_VENTURE.keys()


async def test_anon_may_call_nothing(worlds_url: str, worlds: Worlds) -> None:
    foreign = worlds.foreign
    async with in_worlds(worlds_url) as connection:
        calls = {name: one.fenced(foreign) for name, one in CALLS.items()} | WITHOUT_VENTURE
        for name, arguments in calls.items():
            async with asking(connection, "anon", member(foreign.venture_id, "owner")):
                with pytest.raises(MissingRights):
                    await call(connection, name, **arguments)


@pytest.mark.parametrize("role", ROLES)
async def test_whoever_has_a_role_elsewhere_is_refused_by_every_function_first_of_all(
    worlds_url: str, worlds: Worlds, role: str
) -> None:
    """Whatever the other arguments say, being refused must not tell what is there."""
    ours, foreign = worlds.ours, worlds.foreign
    async with in_worlds(worlds_url) as connection:
        before = await snapshot(connection)
        claims = member(ours.venture_id, role)
        for function in await _functions(connection):
            right = CALLS[function.name].fenced(foreign)
            wrong = (
                _nonsense(function, foreign.venture_id),
                _nothing(function, foreign.venture_id),
            )
            for arguments in (right, *wrong):
                await _require_not_allowed(connection, claims, function.name, arguments)
        assert await snapshot(connection) == before


async def test_a_user_without_claims_is_refused_by_every_function(
    worlds_url: str, worlds: Worlds
) -> None:
    foreign = worlds.foreign
    async with in_worlds(worlds_url) as connection:
        nobody: tuple[dict[str, Any] | None, ...] = (
            None,
            {"sub": "nobody"},
            {"ventures": {}},
            {"role": "service_role"},
        )
        for claims in nobody:
            for name, one in CALLS.items():
                await _require_not_allowed(connection, claims, name, one.fenced(foreign))


async def test_a_foreign_venture_and_none_at_all_are_refused_alike(
    worlds_url: str, worlds: Worlds
) -> None:
    ours, foreign = worlds.ours, worlds.foreign
    async with in_worlds(worlds_url) as connection:
        claims, nowhere = member(ours.venture_id, "owner"), uuid.UUID(int=7)
        for name, one in CALLS.items():
            said = []
            for venture_id in (foreign.venture_id, nowhere):
                async with asking(connection, "authenticated", claims):
                    with pytest.raises(NotAllowed) as refusal:
                        await call(
                            connection, name, **one.fenced(foreign) | {"venture_id": venture_id}
                        )
                said.append(str(refusal.value).replace(str(venture_id), "…"))
            assert said[0] == said[1], name
        said = []
        for slug in (FOREIGN, "nowhere"):
            async with asking(connection, "authenticated", claims):
                with pytest.raises(NotAllowed) as refusal:
                    await call(connection, "open_venture", slug=slug)
            said.append(f"{refusal.value} {refusal.value.detail}".replace(slug, "…"))
        assert said[0] == said[1], "open_venture tells which ventures there are"


@pytest.mark.parametrize("name", CALLS)
async def test_a_role_may_call_what_it_is_for_and_a_lower_one_may_not(
    worlds_url: str, worlds: Worlds, name: str
) -> None:
    ours = worlds.ours
    async with in_worlds(worlds_url) as connection:
        arguments, needed = CALLS[name].fenced(ours), CALLS[name].role
        for role in ROLES:
            claims = member(ours.venture_id, role)
            if ROLES.index(role) < ROLES.index(needed):
                await _require_not_allowed(connection, claims, name, arguments)
            else:
                async with asking(connection, "authenticated", claims):
                    await call(connection, name, **arguments)
        async with asking(connection, "service_role"):
            await call(connection, name, **arguments)


async def test_a_call_that_names_foreign_things_in_its_own_venture_finds_nothing(
    worlds_url: str,
    worlds: Worlds,
) -> None:
    """The ids are right, the venture is ours: a wall stands between them all the same."""
    ours, foreign = worlds.ours, worlds.foreign
    async with in_worlds(worlds_url) as connection:
        before = await snapshot(connection)
        claims = member(ours.venture_id, "owner")
        for name, one in CALLS.items():
            arguments = one.fenced(foreign) | {"venture_id": ours.venture_id}
            async with asking(connection, "authenticated", claims):
                try:
                    await call(connection, name, **arguments)
                except Refused:
                    continue
                await connection.execute("reset role")
                after = await snapshot(connection)
                _require_only_ours_changed(before, after, foreign.venture_id, name)


def _require_only_ours_changed(
    before: dict[str, list[str]], after: dict[str, list[str]], foreign: uuid.UUID, name: str
) -> None:
    for table, rows in before.items():
        theirs = [row for row in rows if f"({foreign}" in row]
        assert [row for row in after[table] if f"({foreign}" in row] == theirs, (
            f"{name} changed {table} of a foreign venture"
        )


async def test_what_concerns_all_ventures_is_for_the_trusted_only(
    worlds_url: str, worlds: Worlds
) -> None:
    ours = worlds.ours
    async with in_worlds(worlds_url) as connection:
        owner = member(ours.venture_id, "owner")
        for name in ("ensure_partitions", "drop_old_partitions", "ventures_with_work"):
            await _require_not_allowed(connection, owner, name, WITHOUT_VENTURE[name])
            async with asking(connection, "service_role"):
                await call(connection, name, **WITHOUT_VENTURE[name])
        await _require_not_allowed(connection, owner, "open_venture", {"slug": "mine"})
        async with asking(connection, "authenticated", owner):
            assert await call_value(connection, "visible_ventures") == [ours.venture_id]
            assert await call_value(connection, "open_venture", slug=OURS) == ours.venture_id
            assert await call_value(connection, "ventures_with", role="owner") == [ours.venture_id]
            assert len(await call_value(connection, "feed_epoch")) == 16
        async with asking(connection, "service_role"):
            assert await call_value(connection, "open_venture", slug="new")


async def test_a_part_of_the_engine_cannot_be_called_by_users(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        parts = await connection.fetch(
            "select oid::regprocedure::text as name from pg_proc"
            " where pronamespace = 'holdfast'::regnamespace and not prosecdef"
            " and proname not in ('now', 'request_claims', 'request_user')"
            " and (has_function_privilege('authenticated', oid, 'execute')"
            " or has_function_privilege('service_role', oid, 'execute')"
            " or has_function_privilege('anon', oid, 'execute'))"
        )
    assert [row["name"] for row in parts] == []
