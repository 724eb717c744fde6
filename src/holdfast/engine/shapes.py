"""The shape of a statement: which types it takes and gives. Asked of the database once for each statement."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from holdfast.engine.connections import Connection

_PARAMETER = re.compile(r"\$(\d+)")
_TYPE_NAMES = (
    "select array(select case o when 'void'::regtype then 'text' else holdfast.type_name(o) end"
    " from unnest($1::oid[]) with ordinality as t (o, n) order by n)"
)
# Role, claims and the statement itself come first.
_OURS = 3
_MOST_KNOWN = 1000

Look: TypeAlias = Callable[[Connection], Awaitable["Shape"]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shape:
    """What a statement takes and gives."""

    takes: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Each column's name and type."""
    inner: str
    """The statement with its arguments out of one array of text, and its columns in those very types."""

    @property
    def typed(self) -> str:
        """The columns as a list of definitions."""
        return ", ".join(f"c{i} {kind}" for i, (_, kind) in enumerate(self.columns))


class Shapes:
    """The shapes of all statements that were asked for."""

    def __init__(self, using: Callable[[Look], Awaitable[Shape]]) -> None:
        self._using = using
        self._known: dict[str, Shape] = {}

    async def of(self, statement: str) -> Shape:
        """The shape of a statement."""
        shape = self._known.get(statement)
        if shape is None:
            shape = await self._using(lambda connection: _look(connection, statement))
            if len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[statement] = shape
        return shape


async def _look(connection: Connection, statement: str) -> Shape:
    # One transaction: behind a transaction pooler, what is prepared lives no longer.
    async with connection.transaction(readonly=True):
        prepared = await connection.prepare(statement)
        attributes = prepared.get_attributes()
        oids = [kind.oid for kind in prepared.get_parameters()]
        # Types are named with their schema only where the path does not have it, and the user's path is another one.
        await connection.execute("set local search_path = pg_catalog")
        takes = await connection.fetchval(_TYPE_NAMES, oids)
        gives = await connection.fetchval(_TYPE_NAMES, [one.type.oid for one in attributes])
    names = (one.name for one in attributes)
    return _shape(statement, tuple(takes), tuple(zip(names, gives, strict=True)))


def _shape(statement: str, takes: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> Shape:
    typed = _PARAMETER.sub(
        lambda found: f"(($1)[{found[1]}])::{takes[int(found[1]) - 1]}",
        statement.strip().rstrip(";"),
    )
    # A column may be of a domain, or of a name that is there twice: numbered and cast, it is neither.
    numbered = ", ".join(f"c{i}" for i in range(len(columns)))
    cast = ", ".join(f"q.c{i}::{kind}" for i, (_, kind) in enumerate(columns))
    inner = f"select {cast} from (\n{typed}\n) as q ({numbered})"
    return Shape(takes=takes, columns=columns, inner=inner)


@functools.lru_cache(maxsize=1024)
def acting_statement(shape: Shape) -> str:
    """The statement that has another one run for a user: role, claims, that statement, its arguments."""
    return _acting(shape, "act", "")


@functools.lru_cache(maxsize=1024)
def once_statement(shape: Shape) -> str:
    """The same for one that is run once: then the key, the function, the columns, the venture."""
    first = _OURS + len(shape.takes) + 1
    more = ", ".join(f"${place}" for place in range(first, first + 4))
    return _acting(shape, "act_once", f", {more}")


def _acting(shape: Shape, function: str, more: str) -> str:
    arguments = ", ".join(
        f"${i}::{kind}::text" for i, kind in enumerate(shape.takes, start=_OURS + 1)
    )
    names = ", ".join(
        f'r.c{i} as "{name.replace(chr(34), chr(34) * 2)}"'
        for i, (name, _) in enumerate(shape.columns)
    )
    return (
        f"select {names} from holdfast.{function}($1, $2, $3, array[{arguments}]::text[]{more})"
        f" as r ({shape.typed})"
    )
