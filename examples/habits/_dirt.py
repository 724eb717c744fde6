"""The ways in which rows go wrong: the constraint that each breaks, and how it spoils a clean row.

Each spoils one value so that exactly one constraint is broken, and no row is spoiled twice: what is
planted under a constraint is therefore all that breaks it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from random import Random

Row: TypeAlias = dict[str, Any]
Sizes: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Dirt:
    """One way in which a row goes wrong."""

    constraint: str
    table: str
    column: str
    spoiled: Callable[[Random, Row, Sizes], Any]


def _nothing(_random: Random, _row: Row, _sizes: Sizes) -> None:
    return None


def _blank(random: Random, _row: Row, _sizes: Sizes) -> str:
    return random.choice(["", " ", "   "])


def _missing(table: str) -> Callable[[Random, Row, Sizes], int]:
    """The id of a row that is not in this table: one that is gone, or has never been."""

    def spoiled(random: Random, _row: Row, sizes: Sizes) -> int:
        return random.choice([-1, 0, sizes[table] + random.randint(1, 1000)])

    return spoiled


def _another_century(random: Random, row: Row, _sizes: Sizes) -> datetime.date:
    born: datetime.date = row["born"]
    return born.replace(year=born.year - 100, day=random.randint(1, 28))


def _before_it_starts(random: Random, row: Row, _sizes: Sizes) -> datetime.date:
    starts_on: datetime.date = row["starts_on"]
    return starts_on - datetime.timedelta(days=random.randint(1, 30))


def _negative(random: Random, _row: Row, _sizes: Sizes) -> int:
    return -random.randint(1, 5)


def _more_than_a_week_has(random: Random, _row: Row, _sizes: Sizes) -> int:
    return random.randint(8, 99)


def _no_day_or_too_many(random: Random, _row: Row, _sizes: Sizes) -> int:
    return random.choice([0, -1, 8, 70])


def _dirt(name: str, column: str, spoiled: Callable[[Random, Row, Sizes], Any]) -> Dirt:
    return Dirt(constraint=name, table=name.partition("_")[0], column=column, spoiled=spoiled)


DIRT = (
    _dirt("children_name_given", "name", _blank),
    _dirt("children_name_required", "name", _nothing),
    _dirt("children_born_plausible", "born", _another_century),
    _dirt("weeks_ends_after_start", "ends_on", _before_it_starts),
    _dirt("weeks_ends_on_required", "ends_on", _nothing),
    _dirt("habits_child_id_required", "child_id", _nothing),
    _dirt("habits_child_id_fkey", "child_id", _missing("children")),
    _dirt("habits_name_given", "name", _blank),
    _dirt("habits_target_range", "target", _no_day_or_too_many),
    _dirt("records_habit_id_fkey", "habit_id", _missing("habits")),
    _dirt("records_habit_id_required", "habit_id", _nothing),
    _dirt("records_week_id_fkey", "week_id", _missing("weeks")),
    _dirt("records_count_range", "count", _negative),
    _dirt("records_count_range", "count", _more_than_a_week_has),
    _dirt("records_count_required", "count", _nothing),
)


def plant(
    random: Random, tables: Mapping[str, list[Row]], most_of_a_kind: int
) -> dict[str, list[int]]:
    """Spoil rows in place; the ids spoiled, by the constraint they break.

    A small table gets at most one row in ten of each kind, but one if it has a row left.
    """
    sizes = {table: len(rows) for table, rows in tables.items()}
    clean = {table: random.sample(rows, len(rows)) for table, rows in tables.items()}
    planted: dict[str, list[int]] = {dirt.constraint: [] for dirt in DIRT}
    for dirt in DIRT:
        most = min(most_of_a_kind, max(1, sizes[dirt.table] // 10))
        for _ in range(min(random.randint(min(1, most), most), len(clean[dirt.table]))):
            row = clean[dirt.table].pop()
            row[dirt.column] = dirt.spoiled(random, row, sizes)
            planted[dirt.constraint].append(row["id"])
    return planted
