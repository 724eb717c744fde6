"""The constraints that PostgreSQL has not validated, each with the query for its broken rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from _common import DIFFERS, ProgramError

if TYPE_CHECKING:
    import asyncpg
    from _common import Connection

Kind: TypeAlias = Literal["not_null", "check", "foreign_key"]

NOT_VALID = """
-- Each constraint of a schema that is not validated; what ends in _sql is as SQL writes it.
select k.conname as name, quote_ident(k.conname) as name_sql, k.contype::text as type,
       format('%I.%I', n.nspname, c.relname) as table_sql,
       pg_get_expr(k.conbin, k.conrelid) as expression,
       array(select quote_ident(a.attname)
             from unnest(k.conkey) with ordinality as u (attnum, place)
             join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
             order by place) as columns_sql,
       (select format('%I.%I', tn.nspname, t.relname)
        from pg_catalog.pg_class t
        join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
        where t.oid = k.confrelid) as target_sql,
       array(select quote_ident(a.attname)
             from unnest(k.confkey) with ordinality as u (attnum, place)
             join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum
             order by place) as target_columns_sql,
       array(select quote_ident(a.attname) from pg_catalog.pg_index i
             join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
             where i.indrelid = k.conrelid and i.indisprimary) as key_sql
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and not k.convalidated and k.contype in ('c', 'f', 'n')
order by c.relname, k.conname
"""

IS_NOT_NULL = re.compile(r'\(+("(?:[^"]|"")+"|\w+) IS NOT NULL\)+')


@dataclass(frozen=True, kw_only=True)
class Unvalidated:
    """One constraint that is not validated, with the query for the rows that break it."""

    name: str
    name_sql: str
    table_sql: str
    kind: Kind
    query: str


async def unvalidated(connection: Connection, schema: str) -> list[Unvalidated]:
    """Read the constraints of a schema that are not validated."""
    return [_constraint(row) for row in await connection.fetch(NOT_VALID, schema)]


def _constraint(row: asyncpg.Record) -> Unvalidated:
    if len(row["key_sql"]) != 1:
        raise ProgramError(
            f"{row['table_sql']} has no primary key of one column, so its rows have no ids",
            hint="give it one",
            exit_code=DIFFERS,
        )
    kind = _kind(row)
    return Unvalidated(
        name=row["name"],
        name_sql=row["name_sql"],
        table_sql=row["table_sql"],
        kind=kind,
        query=f"select r.{row['key_sql'][0]} from {row['table_sql']} r"
        f" where {_broken(kind, row)} order by 1",
    )


def _kind(row: asyncpg.Record) -> Kind:
    match row["type"]:
        case "f":
            return "foreign_key"
        case "n":  # from PostgreSQL 18 on, not-null can be not valid too
            return "not_null"
        case _:
            return "not_null" if IS_NOT_NULL.fullmatch(row["expression"]) else "check"


def _broken(kind: Kind, row: asyncpg.Record) -> str:
    """The condition under which a row breaks the constraint."""
    match kind:
        case "not_null":
            return f"r.{row['columns_sql'][0]} is null"
        case "check":
            # A check that comes out null is kept: only false breaks it.
            return f"({row['expression']}) is false"
        case "foreign_key":
            pairs = list(zip(row["columns_sql"], row["target_columns_sql"], strict=True))
            # A foreign key with a null in it points nowhere, and breaks nothing (MATCH SIMPLE).
            present = " and ".join(f"r.{column} is not null" for column, _ in pairs)
            matches = " and ".join(f"t.{target} = r.{column}" for column, target in pairs)
            return f"{present} and not exists (select from {row['target_sql']} t where {matches})"
