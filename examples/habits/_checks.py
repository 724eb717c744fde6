"""The catalogue's part of the review: a migration tried, looked at, and rolled back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import asyncpg
from _common import DIFFERS, SHADOW, ProgramError, one_line, schema_exists, take_turns
from _findings import Finding

if TYPE_CHECKING:
    from _common import Connection

# Comments, texts and dollar-quoted bodies: what stands in them is not a statement.
QUOTED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)

# Any of these ends the transaction that the review rolls back, and so leaves the schema behind.
TRANSACTION_CONTROL = re.compile(
    r"(?:^|;)\s*(begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b",
    re.IGNORECASE,
)

# SQLSTATEs that say nothing about the migration: the connection, a lock, the role's rights.
NOT_ITS_FAULT = ("08", "40", "42501", "53", "55", "57", "58")

UNINDEXED = """
-- Foreign keys whose columns are not the first columns of any usable index.
select f.conname as object,
       format('No index of %s starts with its columns.', f.conrelid::regclass) as message
from pg_catalog.pg_constraint f
where f.connamespace = $1::regnamespace and f.contype = 'f'
  and not exists (
      select from pg_catalog.pg_index i
      where i.indrelid = f.conrelid and i.indisvalid and i.indpred is null
        and (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey)
order by f.conname
"""

UNWALLED = """
-- Tables on which row-level security is off.
select format('%s.%I', $1::text, c.relname) as object,
       'Row-level security is off: who may select from it reads every row.' as message
from pg_catalog.pg_class c
where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
order by c.relname
"""

OPEN_POLICIES = """
-- Permissive policies with no condition, for everybody or for those who have not signed in.
select format('%s.%I.%I', $1::text, p.tablename, p.policyname) as object,
       format('It lets %s %s every row.', array_to_string(p.roles, ', '), lower(p.cmd)) as message
from pg_catalog.pg_policies p
where p.schemaname = $1 and p.permissive = 'PERMISSIVE'
  and p.roles && array['public', 'anon']::name[]
  and 'true' in (p.qual, p.with_check)
order by p.tablename, p.policyname
"""

CHECKS = {
    "foreign-key-without-index": UNINDEXED,
    "table-without-row-security": UNWALLED,
    "policy-for-everyone": OPEN_POLICIES,
}


async def try_out(connection: Connection, sql: str) -> list[Finding]:
    """Apply a migration, look at what came of it, and roll it back."""
    if control := TRANSACTION_CONTROL.search(QUOTED.sub("", sql)):
        message = "The file is run in one transaction, and this would end it."
        return [_finding("transaction-control", control.group(1).lower(), message)]
    transaction = connection.transaction()
    await transaction.start()
    try:
        await take_turns(connection)
        await refuse_if_deployed(connection)
        await connection.execute(sql)
        return [
            _finding(rule, row["object"], row["message"])
            for rule, query in CHECKS.items()
            for row in await connection.fetch(query, SHADOW)
        ]
    except asyncpg.PostgresError as error:
        if error.sqlstate is None or error.sqlstate.startswith(NOT_ITS_FAULT):
            raise
        about = error.constraint_name or error.sqlstate
        return [_finding("migration-fails", about, f"PostgreSQL refuses it: {one_line(error)}.")]
    finally:
        await transaction.rollback()


async def refuse_if_deployed(connection: Connection) -> None:
    """A schema that is there cannot be made to see how it would be."""
    if await schema_exists(connection, SHADOW):
        raise ProgramError(
            f"the schema {SHADOW} is deployed already, so the migration cannot be tried",
            hint="run generate.py to start again",
            exit_code=DIFFERS,
        )


def _finding(rule: str, about: str, message: str) -> Finding:
    return Finding(rule=rule, object=about, message=message, source="catalogue")
