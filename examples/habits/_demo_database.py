"""The demo's own database for the habits, beside Holdfast's on the same server."""

from __future__ import annotations

import re

import asyncpg

NAME = "habits"


async def habits_database(holdfast_url: str) -> str:
    """Its address; it is made when it is not there yet."""
    connection = await asyncpg.connect(holdfast_url)
    try:
        if not await connection.fetchval(
            "select exists (select from pg_database where datname = $1)", NAME
        ):
            await connection.execute(f"create database {NAME}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise SystemExit(
            f"error: the demo needs a database `{NAME}` on the server and may not create it: {error}\n"
            f"next:  create it, or unset HOLDFAST_DATABASE_URL to use the embedded server"
        ) from None
    finally:
        await connection.close()
    return re.sub(r"^(\w+://[^/?]*)/?[^?]*", rf"\1/{NAME}", holdfast_url)
