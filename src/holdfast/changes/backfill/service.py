"""Comparing two tables, of one database or of two."""

from __future__ import annotations

import dataclasses
from contextlib import AsyncExitStack

from holdfast.changes.backfill.comparing import Comparer, Comparison, OnProgress
from holdfast.changes.backfill.sides import Side
from holdfast.changes.backfill.tables import Pairing, Table, Wanted, find_table, pair
from holdfast.changes.looking import Patience
from holdfast.engine.direct import Target


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """What is to be compared, and how far."""

    source: str
    target: str
    wanted: Wanted = dataclasses.field(default_factory=Wanted)
    source_where: str | None = None
    target_where: str | None = None
    range_rows: int = 20_000
    """How many rows one checksum is over, at first."""
    most: int = 10_000
    """With how many differing rows to give up looking for more."""
    samples: int = 5
    """How many of each kind of difference to show."""


async def compare(
    source: Target,
    target: Target,
    question: Question,
    *,
    patience: Patience,
    on_progress: OnProgress = lambda _done, _total, _text: None,
) -> Comparison:
    """Compare a copy with what it was copied from; both connections may be the same.

    Raises:
        InvalidValue: a table or a column is not there, or nothing says by which key.
        TargetRefused: one of them could not be looked at.
    """
    is_one = source is target
    async with AsyncExitStack() as stack:
        for one in (source,) if is_one else (source, target):
            await stack.enter_async_context(
                one.looking(
                    statement_seconds=patience.statement_seconds,
                    lock_seconds=patience.lock_seconds,
                )
            )
            await one.read("backfill_session")
        mine = await find_table(source, question.source)
        theirs = await find_table(target, question.target)
        pairing = pair(mine, theirs, question.wanted, is_one_database=is_one)
        found = _nothing_yet(mine, theirs, pairing, is_one)
        await Comparer(
            await _side(
                source, mine, pairing.source_keys, pairing.source_columns, question.source_where
            ),
            await _side(
                target, theirs, pairing.target_keys, pairing.target_columns, question.target_where
            ),
            found,
            range_rows=question.range_rows,
            most=question.most,
            samples=question.samples,
            on_progress=on_progress,
        ).run()
    return found


async def _side(
    target: Target,
    table: Table,
    keys: list[dict[str, str]],
    columns: list[dict[str, str]],
    where: str | None,
) -> Side:
    [statements] = await target.read("backfill_statements", table.oid, keys, columns, where)
    return Side(target, table, statements)


def _nothing_yet(mine: Table, theirs: Table, pairing: Pairing, is_one: bool) -> Comparison:
    return Comparison(
        source=mine.name,
        target=theirs.name,
        key=pairing.key,
        columns=pairing.columns,
        left_out=pairing.left_out,
        is_one_moment=is_one,
    )
