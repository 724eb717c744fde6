"""The tables of a live schema as PostgreSQL's catalogue has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from _common import LIVE, ProgramError

if TYPE_CHECKING:
    from _common import Connection

COLUMNS = """
-- Each column of each ordinary table of a schema, with its names as SQL writes them.
select c.relname as table_name, quote_ident(c.relname) as table_sql,
       a.attname as name, quote_ident(a.attname) as sql,
       format_type(a.atttypid, a.atttypmod) as type,
       pg_get_expr(d.adbin, d.adrelid) as default,
       a.attnotnull as required,
       a.attidentity <> '' as is_identity,
       coalesce(a.attnum = any (i.indkey), false) as is_key
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef d
    on d.adrelid = c.oid and d.adnum = a.attnum and a.attgenerated = ''
left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
  and c.relkind = 'r'
order by c.relname, a.attnum
"""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; `sql` is its name as SQL writes it."""

    name: str
    sql: str
    type: str
    default: str | None
    required: bool
    is_identity: bool
    is_key: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; `sql` is its name as SQL writes it."""

    name: str
    sql: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> tuple[Column, ...]:
        """The columns of its primary key."""
        return tuple(column for column in self.columns if column.is_key)

    def column(self, name: str) -> Column:
        """The column of this name; a rule about one that is not there is refused."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ProgramError(
            f"rules.toml speaks of {self.name}.{name}, which the live schema {LIVE} does not have",
            hint="mend rules.toml, or the live table",
        )


async def read_tables(connection: Connection, schema: str) -> dict[str, Table]:
    """Read what tables a schema has, and what columns they have."""
    tables: dict[str, Table] = {}
    for row in await connection.fetch(COLUMNS, schema):
        values = dict(row)
        name, sql = values.pop("table_name"), values.pop("table_sql")
        before = tables[name].columns if name in tables else ()
        tables[name] = Table(name=name, sql=sql, columns=(*before, Column(**values)))
    if not tables:
        raise ProgramError(
            f"the database has no tables in the schema {schema}", hint="run generate.py"
        )
    return tables
