"""What of the deployed constraints holds: rows that break them, and whether PostgreSQL agrees."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from _common import SHADOW, progress
from _violations import Kind, Unvalidated, unvalidated

if TYPE_CHECKING:
    from _common import Connection


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of one constraint."""

    name: str
    kind: Kind
    violations: int
    ids: list[Any]
    validated: bool
    seconds: float


async def measure(connection: Connection) -> tuple[list[Measured], dict[str, int]]:
    """Measure every constraint that is not validated, and count all rows, at one moment."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        # A query that row-level security would silence is refused: it would count too few.
        await connection.execute("set local row_security = off; set local lock_timeout = '30s'")
        rows = await count_rows(connection)
        constraints = await unvalidated(connection, SHADOW)
        measured = []
        for done, constraint in enumerate(constraints):
            progress(done, len(constraints), constraint.name)
            measured.append(await measure_one(connection, constraint))
        progress(len(constraints), len(constraints), "measured")
    finally:
        await transaction.rollback()
    return measured, rows


async def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of each table, after locking out whoever would change them."""
    tables = await connection.fetch(
        "select relname as name, format('%s.%I', $1::text, relname) as sql from pg_class"
        " where relnamespace = $1::regnamespace and relkind = 'r' order by relname",
        SHADOW,
    )
    if tables:
        # This mode excludes itself: two verifiers wait for each other here, and not in a deadlock.
        names = ", ".join(table["sql"] for table in tables)
        await connection.execute(f"lock table {names} in share row exclusive mode")
    return {
        table["name"]: await connection.fetchval(f"select count(*) from {table['sql']}")
        for table in tables
    }


async def measure_one(connection: Connection, constraint: Unvalidated) -> Measured:
    """Find the rows that break a constraint, then let PostgreSQL validate it."""
    begun = time.perf_counter()
    ids = [row[0] for row in await connection.fetch(constraint.query)]
    validated = await validates(connection, constraint)
    return Measured(
        name=constraint.name,
        kind=constraint.kind,
        violations=len(ids),
        ids=ids,
        validated=validated,
        seconds=round(time.perf_counter() - begun, 4),
    )


async def validates(connection: Connection, constraint: Unvalidated) -> bool:
    """Whether VALIDATE CONSTRAINT succeeds, tried in a savepoint: a refusal ends nothing else."""
    try:
        async with connection.transaction():
            await connection.execute(
                f"alter table {constraint.table_sql} validate constraint {constraint.name_sql}"
            )
    except asyncpg.IntegrityConstraintViolationError:
        return False
    return True
