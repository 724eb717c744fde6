"""What users see of the tables and views: their own ventures' rows, however their tokens say which these are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from holdfast.engine import texts
from tests.support.callers import asking
from tests.support.sql import call, connected
from tests.support.world import World, make_world

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

INSUFFICIENT_PRIVILEGE = "42501"
_RELATIONS = """
select c.relname as name, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'venture_id') as tenanted
from pg_class c
where c.relnamespace = 'holdfast'::regnamespace and c.relkind = any ($1::"char"[]) and not c.relispartition
"""


async def _relations(connection: Connection, kinds: str, *, tenanted: bool = True) -> list[str]:
    rows = await connection.fetch(_RELATIONS, [kind.encode() for kind in kinds])
    return sorted(row["name"] for row in rows if row["tenanted"] == tenanted)


async def _ventures_in(connection: Connection, relation: str) -> set[UUID]:
    rows = await connection.fetch(f"select distinct venture_id from holdfast.{relation}")
    return {row["venture_id"] for row in rows}


async def _two_worlds(connection: Connection) -> tuple[World, World]:
    """Two ventures with a row in every table and every view, so that seeing none means something."""
    worlds = await make_world(connection, "ours"), await make_world(connection, "foreign")
    for world in worlds:
        run = {"plan_id": world.plan_id, "venture_id": world.venture_id, **world.runner.token._asdict()}  # fmt: skip
        await call(connection, "record_evidence", **run, step_key="verifying")
        follower = {
            "venture_id": str(world.venture_id),
            "id": str(world.plan_id),
            "transport": "sse",
            "scope": {},
            "created_at": "2020-01-01T00:00:00Z",
        }
        await call(
            connection,
            "report_subscriptions",
            gateway_id=world.plan_id,
            subscriptions=[follower],
        )
    everybody = {world.venture_id for world in worlds}
    for relation in await _relations(connection, "rpv"):
        assert everybody <= await _ventures_in(connection, relation), f"{relation} is empty"
    return worlds


def _tokens(ours: UUID) -> dict[str, dict[str, Any]]:
    """Every way in which a token can say that its bearer belongs to a venture."""
    return {
        "ventures": {"sub": "Ann", "ventures": {str(ours): "viewer"}},
        "venture_id": {"sub": "Ann", "venture_id": str(ours)},
        "venture_role": {"sub": "Ann", "venture_id": str(ours), "venture_role": "agent"},
        "app_metadata": {"sub": "Ann", "app_metadata": {"ventures": {str(ours): "operator"}}},
        "the table of members": {"sub": "member-of-ours"},
        "the table of members, app_metadata about other things": {
            "sub": "member-of-ours",
            "app_metadata": {"provider": "email"},
        },
    }


@pytest.mark.parametrize("way", _tokens(UUID(int=0)))
async def test_a_user_sees_the_own_ventures_rows_only(holdfast_url: str, way: str) -> None:
    async with connected(holdfast_url) as connection:
        ours, _ = await _two_worlds(connection)
        async with asking(connection, "authenticated", _tokens(ours.venture_id)[way]):
            for relation in await _relations(connection, "rpv"):
                assert await _ventures_in(connection, relation) == {ours.venture_id}, relation


@pytest.mark.parametrize(
    "claims",
    [
        None,
        {},
        {"sub": "nobody"},
        {"sub": "Ann", "ventures": {}},
        {"sub": "member-of-ours", "ventures": {}},  # a token that names none has none
        {"sub": "Ann", "role": "service_role"},
        {"sub": "Ann", "user_metadata": {"ventures": "ours"}},  # users write that themselves
    ],
)
async def test_a_user_of_no_venture_sees_nothing(
    holdfast_url: str, claims: dict[str, Any] | None
) -> None:
    async with connected(holdfast_url) as connection:
        ours, _ = await _two_worlds(connection)
        text = json.dumps(claims).replace('"ours"', f'{{"{ours.venture_id}": "owner"}}')
        async with asking(connection, "authenticated", json.loads(text)):
            for relation in await _relations(connection, "rpv"):
                assert await _ventures_in(connection, relation) == set(), relation


async def test_a_token_that_cannot_be_read_shows_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        ours, _ = await _two_worlds(connection)
        for ventures in ({str(ours.venture_id): "emperor"}, {"*": "owner"}, "all", [str(ours.venture_id)], None):  # fmt: skip
            async with asking(connection, "authenticated", {"ventures": ventures}):
                with pytest.raises(asyncpg.DataError):
                    await connection.fetch("select * from holdfast.directives")


async def test_service_role_sees_all_and_anon_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        worlds = await _two_worlds(connection)
        everybody = {world.venture_id for world in worlds}
        async with asking(connection, "service_role"):
            for relation in await _relations(connection, "rpv"):
                assert everybody <= await _ventures_in(connection, relation)
        for relation in await _relations(connection, "rpv"):
            async with asking(
                connection, "anon", {"ventures": {str(worlds[0].venture_id): "owner"}}
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await _ventures_in(connection, relation)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
async def test_nobody_writes_past_the_functions(holdfast_url: str, role: str) -> None:
    async with connected(holdfast_url) as connection:
        ours, _ = await _two_worlds(connection)
        claims = {"sub": "Ann", "ventures": {str(ours.venture_id): "owner"}}
        tables = await _relations(connection, "rp") + await _relations(
            connection, "rp", tenanted=False
        )
        assert len(tables) > 20
        for table in tables:
            for statement in (
                f"insert into holdfast.{table} default values",
                f"update holdfast.{table} set {await _column(connection, table)} = default",
                f"delete from holdfast.{table}",
                f"truncate holdfast.{table} cascade",
            ):
                async with asking(connection, role, claims):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)


async def _column(connection: Connection, table: str) -> str:
    name: str = await connection.fetchval(
        "select attname from pg_attribute where attrelid = $1::text::regclass and attnum = 1",
        f"holdfast.{table}",
    )
    return name


async def test_a_partition_cannot_be_read_past_its_parent(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        ours, _ = await _two_worlds(connection)
        await call(connection, "ensure_partitions", weeks=1)
        rows = await connection.fetch(
            "select relname from pg_class where relnamespace = 'holdfast'::regnamespace"
            " and relkind = 'r' and relispartition"
        )
        assert len(rows) >= 6
        for row in rows:
            for role in ("authenticated", "service_role"):
                claims = {"ventures": {str(ours.venture_id): "owner"}}
                async with asking(connection, role, claims):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.fetch(f"select * from holdfast.{row['relname']}")


async def test_what_lets_its_bearer_write_as_another_cannot_be_read(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        ours, _ = await _two_worlds(connection)
        secrets = await _secrets(connection)
        assert len(secrets) > 5
        # As the result of a write that took a lease has it.
        await connection.execute("update holdfast.requests set result = to_jsonb($1::text)", min(secrets))  # fmt: skip
        await connection.execute("update holdfast.claude_sessions set incarnation = 'host/71/5'")
        secrets.add("host/71/5")
        claims = {"sub": "Ann", "ventures": {str(ours.venture_id): "owner"}}
        for relation in await connection.fetch(texts.query("readable_relations")):
            columns = ", ".join(f"{name}::text" for name in relation["columns"])
            async with asking(connection, "authenticated", claims):
                rows = await connection.fetch(f"select {columns} from holdfast.{relation['name']}")
            told = {secret for row in rows for value in row for secret in secrets if value and secret in value}  # fmt: skip
            assert not told, relation["name"]


async def _secrets(connection: Connection) -> set[str]:
    """The tokens of all leases and the digests of all API tokens, as text."""
    tables = await connection.fetch(
        "select distinct a.attrelid::regclass::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'lease_token'"
    )
    assert len(tables) > 4
    found = {value for (value,) in await connection.fetch("select digest::text from holdfast.api_tokens")}  # fmt: skip
    for (table,) in tables:
        found |= {token for (token,) in await connection.fetch(f"select lease_token::text from {table} where lease_token is not null")}  # fmt: skip
    return found
