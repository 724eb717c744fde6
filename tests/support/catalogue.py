"""What PostgreSQL's catalogue says about the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

_PUBLIC = """
select p.proname as name, p.provolatile = 'v' as writes,
    p.proargnames[1:p.pronargs] as arguments,
    array(select t.typname from unnest(p.proargtypes) with ordinality as a (oid, row)
        join pg_type t on t.oid = a.oid order by a.row) as types
from pg_proc p
where p.pronamespace = 'holdfast'::regnamespace and p.prosecdef
order by p.proname
"""


class Function:
    """A public function: its name, and its arguments with their types."""

    def __init__(self, row: Any) -> None:
        self.name: str = row["name"]
        self.writes: bool = row["writes"]
        names = [name.removeprefix("p_") for name in row["arguments"] or ()]
        self.arguments: dict[str, str] = dict(zip(names, row["types"], strict=True))

    @property
    def is_fenced(self) -> bool:
        """Whether it takes the token of a lease."""
        return bool({"token", "tokens"} & self.arguments.keys())

    @property
    def names_venture(self) -> bool:
        return "venture_id" in self.arguments


async def public_functions(connection: Connection) -> list[Function]:
    """Every function that users may call: those that run with the engine's rights."""
    return [Function(row) for row in await connection.fetch(_PUBLIC)]
