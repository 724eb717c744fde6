"""Rows that keep all the rules: a family's habits, as they might have been counted."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from _dirt import Row

NAMES = (
    "Ada",
    "Ben",
    "Cleo",
    "Elif",
    "Finn",
    "Hana",
    "Ivo",
    "Kofi",
    "Lena",
    "Nuri",
    "Rosa",
    "Sami",
)
HABITS = ("reading", "brushing teeth", "piano", "feeding the cat", "maths", "football")
FIRST_MONDAY = datetime.date(2025, 1, 6)


def clean_rows(
    random: Random, *, children: int, weeks: int, habits: int, records: int
) -> dict[str, list[Row]]:
    """Make so many rows of each table."""
    child_ids, week_ids, habit_ids, record_ids = (
        range(1, count + 1) for count in (children, weeks, habits, records)
    )
    return {
        "children": [_child(random, id_) for id_ in child_ids],
        "weeks": [_week(id_) for id_ in week_ids],
        "habits": [_habit(random, id_, child_ids, week_ids) for id_ in habit_ids],
        "records": [_record(random, id_, habit_ids, week_ids) for id_ in record_ids],
    }


def _child(random: Random, id_: int) -> Row:
    born = datetime.date(2012, 1, 1) + datetime.timedelta(days=random.randrange(3000))
    guardian = f"guardian_{random.randint(1, 12)}"
    return {"id": id_, "name": random.choice(NAMES), "guardian": guardian, "born": born}


def _week(id_: int) -> Row:
    starts_on = FIRST_MONDAY + datetime.timedelta(weeks=id_ - 1)
    return {"id": id_, "starts_on": starts_on, "ends_on": starts_on + datetime.timedelta(days=6)}


def _habit(random: Random, id_: int, child_ids: range, week_ids: range) -> Row:
    return {
        "id": id_,
        "child_id": random.choice(child_ids),
        "name": random.choice(HABITS),
        "target": random.randint(1, 7),
        "first_week_id": random.choice(week_ids),
    }


def _record(random: Random, id_: int, habit_ids: range, week_ids: range) -> Row:
    week = random.choice(week_ids)
    evening = datetime.datetime.combine(
        FIRST_MONDAY + datetime.timedelta(weeks=week, days=-1), datetime.time(18), datetime.UTC
    )
    return {
        "id": id_,
        "habit_id": random.choice(habit_ids),
        "week_id": week,
        "count": random.randint(0, 7),
        "noted_at": evening + datetime.timedelta(seconds=random.randrange(7200)),
    }
