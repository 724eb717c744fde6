"""The two sides of a comparison: what their tables are, and which columns belong together."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.engine.direct import Target
from holdfast.errors import InvalidValue

_INTEGERS = {"smallint", "integer", "bigint"}
_NUMBERS = _INTEGERS | {"numeric", "real", "double precision"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One column."""

    name: str
    type: str
    is_builtin: bool
    collation: str | None
    key: int | None
    """Its place in the primary key."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """One side's table or view."""

    name: str
    oid: int
    columns: Mapping[str, Column]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of its primary key."""
        keyed = [one for one in self.columns.values() if one.key is not None]
        return tuple(one.name for one in sorted(keyed, key=lambda one: one.key or 0))

    def column(self, name: str) -> Column:
        """The column of this name.

        Raises:
            InvalidValue: there is none.
        """
        if name in self.columns:
            return self.columns[name]
        raise InvalidValue(f"{self.name} has no column {name}.", hint=_near(name, self.columns))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pairing:
    """Which columns are compared, as `backfill_statements.sql` wants them."""

    key: tuple[str, ...]
    columns: tuple[str, ...]
    source_keys: list[dict[str, Any]]
    target_keys: list[dict[str, Any]]
    source_columns: list[dict[str, Any]]
    target_columns: list[dict[str, Any]]
    left_out: tuple[str, ...]
    """Columns that only one side has, or that were not wanted."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the caller said of the columns; names are the target's."""

    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The source's name of a column, by the target's."""


async def find_table(target: Target, name: str) -> Table:
    """The table or view of this name, written as SQL has it.

    Raises:
        InvalidValue: there is none.
    """
    for row in await target.read("backfill_table", name):
        columns = [Column(**one) for one in row["columns"]]
        return Table(name=row["name"], oid=row["oid"], columns={one.name: one for one in columns})
    names = [row["name"] for row in await target.read("backfill_tables")]
    raise InvalidValue(f"{target.address} has no table {name}.", hint=_near(name, names))


def pair(source: Table, target: Table, wanted: Wanted, *, is_one_database: bool) -> Pairing:
    """Which columns of the two sides are compared, and how.

    Raises:
        InvalidValue: a column is not there, or nothing says by which key rows belong together.
    """
    theirs = {name: wanted.renamed.get(name, name) for name in target.columns}
    key = wanted.key or target.key or _renamed(source.key, theirs)
    if not key:
        raise InvalidValue(
            f"Neither {source.name} nor {target.name} has a primary key.",
            hint="Say by which columns rows belong together: --key COLUMN",
        )
    common = [name for name in target.columns if theirs[name] in source.columns]
    chosen = [name for name in wanted.columns or common if name not in (*key, *wanted.without)]
    keys = [(source.column(theirs.get(name, name)), target.column(name)) for name in key]
    values = [(source.column(theirs.get(name, name)), target.column(name)) for name in chosen]
    source_left = set(source.columns) - {one.name for one, _ in keys + values}
    target_left = set(target.columns) - {*key, *chosen}
    orders = [_order(one, other, is_one_database) for one, other in keys]
    return Pairing(
        key=tuple(key),
        columns=tuple(chosen),
        source_keys=[_key(one, order) for (one, _), order in zip(keys, orders, strict=True)],
        target_keys=[_key(one, order) for (_, one), order in zip(keys, orders, strict=True)],
        source_columns=[_value(one, other, one) for one, other in values],
        target_columns=[_value(one, other, other) for one, other in values],
        left_out=(
            *(f"{source.name}.{name}" for name in sorted(source_left)),
            *(f"{target.name}.{name}" for name in sorted(target_left)),
        ),
    )


def _order(one: Column, other: Column, is_one_database: bool) -> str:
    """How both sides sort a key alike: as the type does, as bytes, or as text where the types differ."""
    if {one.type, other.type} <= _INTEGERS:
        return "plain"
    if one.type != other.type or not (one.is_builtin or is_one_database):
        return "text"
    same_collation = is_one_database and one.collation == other.collation
    return "plain" if one.collation is None or same_collation else "c"


def _key(column: Column, order: str) -> dict[str, Any]:
    bound = "bigint" if column.type in _INTEGERS else column.type
    return {"name": column.name, "order": order, "bound": "text" if order == "text" else bound}


def _value(source: Column, target: Column, mine: Column) -> dict[str, Any]:
    """A column, compared in its own type; where the two differ, as numbers or in the target's."""
    kind = mine.type
    if source.type != target.type:
        both_numbers = {source.type, target.type} <= _NUMBERS
        kind = "numeric" if both_numbers else target.type if target.is_builtin else "text"
    return {"name": mine.name, "shown": target.name, "as": kind}


def _renamed(source_key: Iterable[str], theirs: Mapping[str, str]) -> tuple[str, ...]:
    """The source's key in the target's names, where it has all of them."""
    mine = {name: target for target, name in theirs.items()}
    key = tuple(source_key)
    return tuple(mine[name] for name in key) if all(name in mine for name in key) else ()


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names) or 'none'}."
