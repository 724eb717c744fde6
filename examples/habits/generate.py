"""Make the live schema: a habit-tracking database without constraints, with dirty rows.

Drops what an earlier run made. planted.json tells which rows break which constraint.
"""

from __future__ import annotations

import argparse
from random import Random
from typing import TYPE_CHECKING

from _clean import clean_rows
from _common import (
    LIVE,
    MADE_HERE,
    SHADOW,
    ProgramError,
    connect,
    parser,
    progress,
    result,
    run,
    take_turns,
)
from _dirt import plant
from _rules import load_rules
from _work import PLANTED, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _common import Connection
    from _dirt import Row

# Only what the live application once thought of: keys, and one default.
TABLES = f"""
create schema {LIVE};
comment on schema {LIVE} is $made$ {MADE_HERE} $made$;
create table {LIVE}.children (id bigint primary key, name text, guardian text, born date);
create table {LIVE}.weeks (id bigint primary key, starts_on date, ends_on date);
create table {LIVE}.habits (
    id bigint primary key, child_id bigint, name text, target bigint, first_week_id bigint);
create table {LIVE}.records (
    id bigint primary key, habit_id bigint, week_id bigint, count bigint,
    noted_at timestamptz default now());
"""

BATCH = 1000


async def main(options: argparse.Namespace) -> int:
    random = Random(options.seed)
    tables = clean_rows(
        random,
        children=options.children,
        weeks=options.weeks,
        habits=options.habits,
        records=options.records,
    )
    planted = plant(random, tables, options.dirty)
    rows = {table: len(each) for table, each in tables.items()}
    wanted = [c.name for rule in load_rules().values() for c in rule.constraints]
    constraints = {name: sorted(planted.get(name, [])) for name in wanted}
    async with connect(options) as connection, connection.transaction():
        await take_turns(connection)
        await drop_what_was_made(connection)
        await connection.execute(TABLES)
        await copy(connection, tables)
        # Inside the transaction: where the file cannot be written, the rows are not there either.
        told = {"seed": options.seed, "rows": rows, "constraints": constraints}
        write_json(options.work, PLANTED, told)
    dirty = sum(map(len, constraints.values()))
    result({"seed": options.seed, "rows": rows, "dirty": dirty, "file": PLANTED})
    return 0


async def drop_what_was_made(connection: Connection) -> None:
    """Drop both schemas; one that this example did not make is left alone, with a refusal."""
    for schema in (SHADOW, LIVE):
        row = await connection.fetchrow(
            "select obj_description(oid, 'pg_namespace') as comment"
            " from pg_namespace where nspname = $1",
            schema,
        )
        if row is None:
            continue
        if (row["comment"] or "").strip() != MADE_HERE:
            raise ProgramError(
                f"the schema {schema} is there, and was not made by this example",
                hint="give another database",
            )
        await connection.execute(f"drop schema {schema} cascade")


async def copy(connection: Connection, tables: Mapping[str, list[Row]]) -> None:
    """Copy the rows, batch by batch."""
    total = sum(len(rows) for rows in tables.values())
    done = 0
    for table, rows in tables.items():
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            await connection.copy_records_to_table(
                table,
                schema_name=LIVE,
                columns=list(batch[0]),
                records=[tuple(row.values()) for row in batch],
            )
            done += len(batch)
            progress(done, total, table)


def at_least(least: int) -> Callable[[str], int]:
    """A whole number from `least` on, as an argument."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a number from {least} on, not {text!r}")
        return int(text)

    return number


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument("--seed", type=int, default=1, help="the same seed, the same rows")
    arguments.add_argument("--children", type=at_least(1), default=20)
    arguments.add_argument("--weeks", type=at_least(1), default=26)
    arguments.add_argument("--habits", type=at_least(1), default=80)
    arguments.add_argument("--records", type=at_least(1), default=8000)
    arguments.add_argument(
        "--dirty", type=at_least(0), default=12, help="how many rows of a kind are spoiled at most"
    )
    run(main, arguments)
