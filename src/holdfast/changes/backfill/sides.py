"""One side of a comparison: what it answers about a range of keys."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, TypeAlias

from holdfast.changes.backfill.tables import Table
from holdfast.engine.calls import Row
from holdfast.engine.direct import Target

Key: TypeAlias = tuple[str | None, ...]
"""The texts of a row's key columns."""
Range: TypeAlias = tuple[Key | None, Key | None]
"""Above the first key, up to the second; `None`: no end."""
Rows: TypeAlias = Counter[tuple[Key, str]]
"""How many rows have this key and this digest."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Digest:
    """The rows of a range, and the sum of their digests, which no order changes."""

    rows: int
    digest: str


class Side:
    """A table, in a transaction that sees one moment."""

    def __init__(self, target: Target, table: Table, statements: Row) -> None:
        self.target = target
        self.table = table
        self._statements = statements

    async def count(self) -> int:
        """All its rows."""
        [row] = await self._ask("count")
        return int(row["rows"])

    async def bounds(self, size: int) -> list[Key]:
        """Every so-many-th key."""
        return [tuple(row["key"]) for row in await self._ask("bounds", size)]

    async def digest(self, of: Range) -> Digest:
        """A range's rows in two numbers."""
        [row] = await self._ask("range", *of)
        return Digest(rows=row["rows"], digest=row["digest"])

    async def middle(self, of: Range, rows: int) -> Key | None:
        """The key in the middle of a range with so many rows."""
        found = await self._ask("middle", *of, max(rows // 2 - 1, 0))
        return tuple(found[0]["key"]) if found else None

    async def rows(self, of: Range) -> Rows:
        """Each row of a range."""
        return _counted(await self._ask("rows", *of))

    async def rows_with_nulls(self, most: int) -> Rows:
        """The rows that have a null in their key, which no range holds."""
        return _counted(await self._ask("rows_with_nulls", most))

    async def row(self, key: Key) -> dict[str, Any] | None:
        """The compared columns of the row with a key."""
        found = await self._ask("row", list(key))
        return dict(found[0]["row"]) if found else None

    async def keys_without(self, other: Side) -> int:
        """How many keys the other side, in the same database, does not have."""
        mine, theirs = self._statements["all_keys"], other._statements["all_keys"]
        [built] = await self.target.read("backfill_anti_join", mine, theirs)
        [row] = await self.target.fetch(built["statement"])
        return int(row["keys"])

    async def _ask(self, statement: str, *arguments: Any) -> list[Row]:
        plain = [list(one) if isinstance(one, tuple) else one for one in arguments]
        return await self.target.fetch(self._statements[statement], *plain)


def _counted(rows: list[Row]) -> Rows:
    return Counter((tuple(row["key"]), row["digest"]) for row in rows)
