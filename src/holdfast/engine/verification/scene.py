"""What a check works with: a transaction that is rolled back, and two throw-away ventures in it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

# Longer than any check takes; a verifier that hangs on somebody's lock would tell nothing.
_LONGEST_SECONDS = 30


class CheckFailed(Exception):
    """A check found something else than what must be; its text is the check's detail."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """Where the checks play."""

    connection: Connection
    connect: Callable[[], Awaitable[Connection]]
    """Opens a further connection, for the race."""
    venture: UUID
    neighbour: UUID
    """Another venture, whose wall the checks look over."""
    slugs: tuple[str, str]
    session_id: str


Action: TypeAlias = Callable[[Scene], Awaitable[None]]


@asynccontextmanager
async def stage(
    connection: Connection, connect: Callable[[], Awaitable[Connection]]
) -> AsyncIterator[Scene]:
    """A scene in a transaction that is rolled back, whatever happens in it."""
    name = uuid4().hex
    slugs = (f"verify-{name}", f"verify-{name}-b")
    async with rolled_back(connection):
        await connection.execute(f"set local statement_timeout = '{_LONGEST_SECONDS}s'")
        # Names in definitions are read as text: they must not depend on who looks.
        await connection.execute("set local search_path = pg_catalog")
        ventures = [
            await connection.fetchval("select holdfast.open_venture($1)", slug) for slug in slugs
        ]
        yield Scene(
            connection=connection,
            connect=connect,
            venture=ventures[0],
            neighbour=ventures[1],
            slugs=slugs,
            session_id=slugs[0],
        )


@asynccontextmanager
async def rolled_back(connection: Connection) -> AsyncIterator[None]:
    """A transaction, or a savepoint within one, of which nothing stays."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        if not connection.is_closed():
            await transaction.rollback()


@asynccontextmanager
async def as_role(connection: Connection, role: str, claims: dict[str, Any]) -> AsyncIterator[None]:
    """Act as a request of that role with these claims, as Supabase sets them; nothing of it stays.

    Raises:
        CheckFailed: this connection may not become that role, so the check cannot look.
    """
    async with rolled_back(connection):
        try:
            await connection.execute(f"set local role {role}")
        except asyncpg.PostgresError as error:
            hint = f"connect as a superuser, or: grant {role} to your role"
            raise CheckFailed(f"cannot look: {error.message}; {hint}") from error
        await connection.execute(
            "select set_config('request.jwt.claims', $1, true)", json.dumps(claims)
        )
        yield


def require(holds: bool, otherwise: str) -> None:
    """Fail the check with a text unless something holds."""
    if not holds:
        raise CheckFailed(otherwise)


def require_equal(what: str, found: object, expected: object) -> None:
    """Fail the check unless a value is the expected one."""
    require(found == expected, f"{what} is {found!r}, expected {expected!r}")


async def require_refusal(
    connection: Connection, what: str, sqlstates: tuple[str, ...], statement: str, *arguments: Any
) -> None:
    """Fail the check unless a statement is refused with one of the SQLSTATEs."""
    try:
        async with rolled_back(connection):
            await connection.fetch(statement, *arguments)
    except asyncpg.PostgresError as error:
        found, expected = f"{error.sqlstate} ({error.message})", " or ".join(sqlstates)
        require(error.sqlstate in sqlstates, f"{what} gave {found}, expected {expected}")
    else:
        raise CheckFailed(f"{what} was not refused")
