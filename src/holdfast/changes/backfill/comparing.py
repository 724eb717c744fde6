"""Comparing two sides: ranges of keys whose checksums differ are halved until the rows that differ are few enough to fetch."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeAlias, TypeVar

from holdfast.changes.backfill.sides import Digest, Key, Range, Rows, Side

What: TypeAlias = Literal["missing", "extra", "different"]
OnProgress: TypeAlias = Callable[[int, int, str], None]

LEAF_ROWS = 200

_Answer = TypeVar("_Answer")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """One row that is not the same on both sides."""

    what: What
    """`missing` from the target, `extra` in it, or `different`."""
    key: Key
    columns: dict[str, tuple[Any, Any]] = dataclasses.field(default_factory=dict)
    """What of it differs: the source's value and the target's."""


@dataclasses.dataclass(kw_only=True)
class Comparison:
    """What a comparison found."""

    source: str
    target: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    is_one_moment: bool
    """Whether both sides were seen at the same moment, which two databases cannot be."""
    source_rows: int = 0
    target_rows: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    keys_missing: int | None = None
    """What the anti-joins say, where both sides are in one database."""
    keys_extra: int | None = None
    ranges: int = 0
    samples: list[Difference] = dataclasses.field(default_factory=list)
    gave_up: bool = False
    """Whether there were so many differences that the rest was not looked for."""

    @property
    def differences(self) -> int:
        """How many rows are not the same; a lower bound where the comparison gave up."""
        return self.missing + self.extra + self.different

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, as far as counts, anti-joins and checksums say."""
        return (
            self.differences == 0
            and self.source_rows == self.target_rows
            and not (self.keys_missing or self.keys_extra)
        )


class Comparer:
    """Walks the ranges and collects what differs."""

    def __init__(
        self,
        source: Side,
        target: Side,
        found: Comparison,
        *,
        range_rows: int,
        most: int,
        samples: int,
        on_progress: OnProgress,
    ) -> None:
        self._source, self._target, self._found = source, target, found
        self._range_rows, self._most, self._samples = range_rows, most, samples
        self._on_progress = on_progress

    async def run(self) -> None:
        """Compare everything, or stop when more differs than anybody wants to read."""
        found = self._found
        found.source_rows, found.target_rows = await self._both(lambda side: side.count())
        if found.is_one_moment:
            found.keys_missing = await self._source.keys_without(self._target)
            found.keys_extra = await self._target.keys_without(self._source)
        self._differing(*await self._both(lambda side: side.rows_with_nulls(self._most)))
        await self._walk(await self._larger().bounds(self._range_rows))
        await self._explain()

    async def _walk(self, bounds: list[Key]) -> None:
        edges: list[Key | None] = [None, *bounds, None]
        ranges: list[Range] = list(itertools.pairwise(edges))
        total, done = max(self._found.source_rows, self._found.target_rows), 0
        for one in ranges:
            if self._found.gave_up:
                return
            mine, theirs = await self._digests(one)
            if mine != theirs:
                await self._bisect(one, mine, theirs)
            done += max(mine.rows, theirs.rows)
            self._on_progress(min(done, total), total, "comparing")

    async def _bisect(self, of: Range, mine: Digest, theirs: Digest) -> None:
        """Halve a range that differs, or fetch its rows when they are few."""
        self._found.ranges += 1
        if self._found.gave_up:
            return
        side, rows = (
            (self._source, mine.rows) if mine.rows >= theirs.rows else (self._target, theirs.rows)
        )
        middle = await side.middle(of, rows) if rows > LEAF_ROWS else None
        # A range of one key, which many rows have, cannot be halved.
        if middle is None or middle == of[1]:
            self._differing(*await self._both(lambda side: side.rows(of)))
            return
        for half in ((of[0], middle), (middle, of[1])):
            digests = await self._digests(half)
            if digests[0] != digests[1]:
                await self._bisect(half, *digests)

    def _differing(self, mine: Rows, theirs: Rows) -> None:
        """Count what is on one side only, or on both with different values."""
        only_mine, only_theirs = mine - theirs, theirs - mine
        my_keys, their_keys = _keys(only_mine), _keys(only_theirs)
        both = my_keys & their_keys
        for what, keys in (
            ("different", both),
            ("missing", my_keys - both),
            ("extra", their_keys - both),
        ):
            self._count(what, keys)
        self._found.gave_up = self._found.gave_up or self._found.differences >= self._most

    def _count(self, what: Any, keys: Counter[Key]) -> None:
        found = self._found
        setattr(found, what, getattr(found, what) + keys.total())
        of_this = sum(one.what == what for one in found.samples)
        for key in sorted(keys, key=str)[: max(self._samples - of_this, 0)]:
            found.samples.append(Difference(what=what, key=key))

    async def _explain(self) -> None:
        """Say of the rows that are shown what of them differs."""
        samples = self._found.samples
        for number, one in enumerate(samples):
            if one.what == "different":
                samples[number] = dataclasses.replace(one, columns=await self._columns(one.key))

    async def _columns(self, key: Key) -> dict[str, tuple[Any, Any]]:
        mine, theirs = await self._both(lambda side: side.row(key))
        return _differing_columns(mine or {}, theirs or {})

    async def _digests(self, of: Range) -> tuple[Digest, Digest]:
        return await self._both(lambda side: side.digest(of))

    async def _both(
        self, ask: Callable[[Side], Coroutine[Any, Any, _Answer]]
    ) -> tuple[_Answer, _Answer]:
        """Ask both sides: at once, unless they share a connection."""
        if self._found.is_one_moment:
            return await ask(self._source), await ask(self._target)
        async with asyncio.TaskGroup() as group:
            mine = group.create_task(ask(self._source))
            theirs = group.create_task(ask(self._target))
        return mine.result(), theirs.result()

    def _larger(self) -> Side:
        larger = self._found.source_rows >= self._found.target_rows
        return self._source if larger else self._target


def _keys(rows: Rows) -> Counter[Key]:
    keys: Counter[Key] = Counter()
    for (key, _), number in rows.items():
        keys[key] += number
    return keys


def _differing_columns(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (mine.get(name), theirs.get(name))
        for name in mine | theirs
        if mine.get(name) != theirs.get(name)
    }
