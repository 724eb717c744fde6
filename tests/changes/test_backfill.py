"""`holdfast verify backfill`: exactly the rows that differ, in one database and in two."""

from __future__ import annotations

import json
import random
from typing import Any

from holdfast.changes.backfill.comparing import Comparison
from holdfast.changes.backfill.service import Question, compare
from holdfast.changes.backfill.tables import Wanted
from holdfast.changes.looking import Patience
from holdfast.config import Settings
from holdfast.engine import direct
from holdfast.engine.direct import Target
from tests.changes.conftest import Sql
from tests.support.command_line import Command

ROWS = 3000
# A key of two columns, of which one is text; values that two servers may write differently; a name in mixed case.
SCHEMA = """
create table "Old" (shop text, number int, "Price" numeric, note text, at timestamptz, doc json, primary key (shop, number));
insert into "Old" select chr(97 + n % 7) || 'ä', n, n + 0.50, case when n % 3 = 0 then null else '' end,
    timestamptz '2020-01-01 00:00+00' + make_interval(mins => n), json_build_object('b', n, 'a', 1)
from generate_series(1, 3000) as n;
create table new (shop text, number bigint, price numeric(12, 4), note varchar(20), at timestamptz, doc jsonb, primary key (shop, number));
"""
COPY = 'insert into new select * from "Old"'
QUESTION = Question(
    source='"Old"',
    target="new",
    wanted=Wanted(renamed={"price": "Price"}),
    range_rows=500,
    samples=1000,
)


async def _compared(source: Target, target: Target, question: Question = QUESTION) -> Comparison:
    return await compare(source, target, question, patience=Patience())


async def _spoil(target: Target, seed: int) -> dict[str, set[tuple[str, ...]]]:
    """Rows that are lost, added and changed, at random places, and which they are."""
    chance = random.Random(seed)
    keys = chance.sample(range(1, ROWS + 1), 90)
    lost, changed, added = keys[:40], keys[40:80], [n + ROWS for n in keys[80:]]
    await target.execute(f"delete from new where number in ({_list(lost)})")
    await target.execute(
        f"update new set note = case when note is null then '' end where number in ({_list(changed)})"
    )
    await target.execute(
        "insert into new select 'zz', n, 1, null, now(), '{}'"
        f" from unnest(array[{_list(added)}]) as n"
    )
    return {
        "missing": {_key(n) for n in lost},
        "different": {_key(n) for n in changed},
        "extra": {("zz", str(n)) for n in added},
    }


def _key(number: int) -> tuple[str, ...]:
    return (chr(97 + number % 7) + "ä", str(number))


def _list(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _found(one: Comparison) -> dict[str, set[tuple[Any, ...]]]:
    return {
        what: {each.key for each in one.samples if each.what == what}
        for what in ("missing", "different", "extra")
    }


async def test_exactly_the_rows_that_differ_are_found_in_one_database(target: Target) -> None:
    await target.execute(SCHEMA + COPY)
    same = await _compared(target, target)
    assert (same.is_same, same.source_rows, same.ranges) == (True, ROWS, 0)
    expected = await _spoil(target, seed=1)
    found = await _compared(target, target)
    assert _found(found) == expected
    assert (found.missing, found.different, found.extra) == (40, 40, 10)
    assert (found.keys_missing, found.keys_extra, found.is_same) == (40, 10, False)
    one = next(each for each in found.samples if each.what == "different")
    assert set(one.columns) == {"note"}


async def test_exactly_the_rows_that_differ_are_found_between_two_databases(
    target: Target, holdfast_url: str
) -> None:
    async with direct.connected(holdfast_url, Settings()) as other:
        await target.execute(SCHEMA)
        await other.execute(
            f"set timezone = 'Asia/Tokyo'; set datestyle = 'German'; {SCHEMA}{COPY}"
        )
        assert (await _compared(target, other)).is_same
        expected = await _spoil(other, seed=2)
        found = await _compared(target, other)
        assert _found(found) == expected
        assert (found.keys_missing, found.is_one_moment) == (None, False)


async def test_keys_with_nulls_and_keys_that_are_there_twice_are_compared_too(
    target: Target,
) -> None:
    await target.execute(
        "create table a (x int, y int, v text); create table b (x int, y int, v text);"
        "insert into a values (1, null, 'n'), (null, null, 'm'), (2, 2, 'p'), (2, 2, 'q');"
        "insert into b values (1, null, 'n'), (2, 2, 'p'), (null, 3, 'o')"
    )
    wanted = Wanted(key=("x", "y"))
    found = await _compared(target, target, Question(source="a", target="b", wanted=wanted))
    assert _found(found) == {
        "missing": {(None, None), ("2", "2")},
        "different": set(),
        "extra": {(None, "3")},
    }
    assert (found.keys_missing, found.keys_extra) == (1, 1)


async def test_a_comparison_that_gives_up_says_so(target: Target) -> None:
    await target.execute(SCHEMA)
    found = await _compared(target, target, Question(source='"Old"', target="new", most=100))
    assert found.gave_up
    assert ROWS > found.missing >= 100
    assert found.keys_missing == ROWS


def test_the_command_tells_what_differs_and_what_it_did_not_compare(
    sql: Sql, cli: Command, database_url: str
) -> None:
    sql(
        SCHEMA,
        COPY,
        "alter table new add column extra int",
        "update new set price = 0 where number = 7",
    )
    given = ("verify", "backfill", database_url, '"Old"', "new", "--rename", "Price=price")
    told = cli(*given)
    assert told.code == 1
    assert 'different {"shop": "aä", "number": "7"} price: "7.5" → "0"' in told.out
    assert "not compared: public.new.extra" in told.out
    without = cli(*given, "--without", "price", "--json")
    assert (without.code, json.loads(without.out)["is_same"]) == (0, True)


def test_what_cannot_be_compared_is_no_equality(sql: Sql, cli: Command, database_url: str) -> None:
    sql(SCHEMA, "create table bare as select note from new")
    for given, said in (
        (("Old", "new"), 'There are: public."Old"'),
        (('"Old"', "new", "--key", "numbr"), "Did you mean number?"),
        (('"Old"', "new", "--where", "nowhere = 1"), 'column "nowhere" does not exist'),
        (("bare", "bare"), "--key COLUMN"),
        (('"Old"', "new", "--rename", "Price"), "is not OLD=NEW"),
    ):
        told = cli("verify", "backfill", database_url, *given)
        assert (told.code, told.out) == (3, "")
        assert said in told.err
