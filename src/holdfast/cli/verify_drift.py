"""`holdfast verify drift`: whether a database's catalogue still is what was kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from holdfast import config
from holdfast.changes import drift, targets
from holdfast.changes.looking import chosen_schemas
from holdfast.cli._connection import JsonOption, run_async
from holdfast.cli._output import console
from holdfast.cli._target import FOUND, DsnArgument, SchemaOption, give_result, looking
from holdfast.errors import InvalidValue
from holdfast.sync.files import write_atomically
from holdfast.terminal.marks import mark

_STATES = {"missing": "failed", "added": "running", "changed": "lost"}


def drift_command(
    dsn: DsnArgument,
    *,
    schema: SchemaOption = None,
    expect: Annotated[
        Path | None, typer.Option("--expect", help="The file that the catalogue was kept in.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the catalogue in this file instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare tables, columns, constraints, indexes, policies, functions with what was kept. Exits 1 if they differ."""
    with looking():
        if (expect is None) == (keep is None):
            raise InvalidValue("Give --expect FILE or --keep FILE.", hint="Keep it first.")
        if keep is not None:
            run_async(_keep(dsn, schema or [], keep))
            return
        assert expect is not None
        found = run_async(_look(dsn, drift.read_kept(expect)))
    give_result({"drift": found, "drifted": len(found)}, as_json=as_json)
    if not as_json:
        print_drift(found)
    if found:
        raise typer.Exit(FOUND)


def print_drift(found: list[drift.Drift], *, unit: str = "differ") -> None:
    """What differs, for a person."""
    for one in found:
        console.print(
            mark(_STATES[one.what], console) + Text(f" {one.what} {one.object}"), soft_wrap=True
        )
        if one.what == "changed":
            console.print(Text(f"    was {_one_line(one.expected)}", style="quiet"), soft_wrap=True)
            console.print(Text(f"    is  {_one_line(one.found)}", style="quiet"), soft_wrap=True)
    console.print(f"{len(found)} {unit}." if found else "All is as it was kept.")


def keep_catalogue(kept: drift.Catalogue, file: Path) -> None:
    """Write what will be expected."""
    text = json.dumps(kept.as_json(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_atomically(file, text.encode())
    console.print(f"Kept {len(kept.objects)} objects of {', '.join(kept.schemas)} in {file}.")


async def _keep(dsn: str, schemas: list[str], file: Path) -> None:
    async with targets.connected(dsn, config.load()) as target:
        kept = await drift.read_catalogue(target, await chosen_schemas(target, schemas))
    keep_catalogue(kept, file)


async def _look(dsn: str, expected: drift.Catalogue) -> list[drift.Drift]:
    async with targets.connected(dsn, config.load()) as target:
        return drift.drifted(expected, await drift.read_catalogue(target, list(expected.schemas)))


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()) or "(nothing)"
