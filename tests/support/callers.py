"""Who asks: the request roles, with the claims that their tokens carry."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

ROLES = ("viewer", "agent", "operator", "owner")


@asynccontextmanager
async def asking(
    connection: Connection, role: str, claims: dict[str, Any] | None = None
) -> AsyncIterator[None]:
    """Be a role with claims, in a transaction that leaves nothing behind."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("select set_config('request.jwt.claims', $1, true)", "" if claims is None else json.dumps(claims))  # fmt: skip
        await connection.execute(f"set local role {role}")
        yield
    finally:
        await transaction.rollback()


@asynccontextmanager
async def acting_as(connection: Connection, claims: dict[str, Any]) -> AsyncIterator[None]:
    """Be a user with claims, whose calls commit each on its own."""
    await connection.execute("select set_config('request.jwt.claims', $1, false)", json.dumps(claims))  # fmt: skip
    await connection.execute("set role authenticated")
    try:
        yield
    finally:
        await connection.execute("reset role")
        await connection.execute("select set_config('request.jwt.claims', '', false)")


def member(venture_id: UUID, role: str, user: str = "Mallory") -> dict[str, Any]:
    """The claims of a user who has a role in one venture."""
    return {"sub": user, "role": "authenticated", "ventures": {str(venture_id): role}}
