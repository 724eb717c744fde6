"""Find the rows that break each deployed constraint, and compare with the planted (role verifier).

PostgreSQL has to agree: every VALIDATE CONSTRAINT is tried, and rolled back, so nothing is changed.
Exits with 1 unless exactly the planted rows are found under each constraint.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from _common import DIFFERS, SHADOW, ProgramError, connect, log, parser, result, run, schema_exists
from _measure import Measured, measure
from _work import PLANTED, VERIFIED, read_json, write_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

MOST_IDS_TOLD = 1000
"""Of each constraint, in the result; verified.json has them all."""


async def main(options: argparse.Namespace) -> int:
    planted = what_was_planted(options)
    async with connect(options) as connection:
        if not await schema_exists(connection, SHADOW):
            raise ProgramError(f"the schema {SHADOW} is not deployed", hint="run deploy.py first")
        measured, rows = await measure(connection)
    differences = [
        *row_differences(planted["rows"], rows),
        *differing(planted["constraints"], measured),
    ]
    print_table(measured, planted["constraints"])
    for difference in differences:
        log("error", difference)
    outcome = {
        "constraints": [asdict(each) for each in measured],
        "rows": rows,
        "violations": sum(each.violations for each in measured),
        "differences": differences,
    }
    write_json(options.work, VERIFIED, outcome)
    outcome["constraints"] = [
        {**asdict(each), "ids": each.ids[:MOST_IDS_TOLD]} for each in measured
    ]
    result(outcome)
    return DIFFERS if differences else 0


def what_was_planted(options: argparse.Namespace) -> dict[str, Any]:
    """What generate.py wrote: the rows of each table, and the ids that break each constraint."""
    planted = read_json(options.work, PLANTED, made_by="generate.py")
    if not isinstance(planted, dict) or not {"rows", "constraints"} <= planted.keys():
        raise ProgramError(
            f"{options.work / PLANTED} is not what generate.py writes", hint="run generate.py again"
        )
    return planted


def row_differences(planted: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    """Tables whose rows did not all come along, or got company."""
    for table in sorted(planted.keys() | found.keys()):
        if planted.get(table) != found.get(table):
            yield f"{table}: {found.get(table)} rows, expected {planted.get(table)}"


def differing(planted: Mapping[str, list[Any]], measured: list[Measured]) -> Iterator[str]:
    """What is not as it must be, a line each."""
    for name in sorted(planted.keys() - {each.name for each in measured}):
        yield f"{name}: no such NOT VALID constraint is in {SHADOW}"
    for each in measured:
        if each.validated != (each.violations == 0):
            verdict = "validates" if each.validated else "does not validate"
            yield f"{each.name}: {each.violations} rows break it, yet it {verdict}"
        if each.name not in planted:
            yield f"{each.name}: {PLANTED} does not know this constraint"
            continue
        found, expected = set(each.ids), set(planted[each.name])
        if extra := sorted(found - expected):
            yield f"{each.name}: broken by rows that were not planted: {_some(extra)}"
        if lost := sorted(expected - found):
            yield f"{each.name}: planted rows do not break it: {_some(lost)}"


def _some(ids: list[Any]) -> str:
    return ", ".join(map(str, ids[:10])) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")


def print_table(measured: list[Measured], planted: Mapping[str, list[Any]]) -> None:
    """Print what was measured, a line for each constraint."""
    lines = [("constraint", "kind", "broken", "planted", "seconds", "VALIDATE")]
    lines += [
        (
            each.name,
            each.kind,
            str(each.violations),
            str(len(planted.get(each.name, []))),
            f"{each.seconds:.4f}",
            "passes" if each.validated else "refuses",
        )
        for each in measured
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, kind, *numbers in lines:
        cells = [name.ljust(widths[0]), kind.ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(numbers, widths[2:], strict=True)]
        print("  ".join(cells))


if __name__ == "__main__":
    run(main, parser(__doc__))
