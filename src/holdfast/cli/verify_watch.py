"""`holdfast verify watch`, `watches`, `unwatch`: have workers look for drift on a schedule, and a person be asked about it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast import config
from holdfast.changes import drift, targets
from holdfast.changes.looking import chosen_schemas
from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._output import console, print_json
from holdfast.cli._target import DsnArgument, SchemaOption
from holdfast.cli._times import length_of_time
from holdfast.terminal.marks import mark
from holdfast.terminal.words import ago, span

NameArgument = Annotated[str, typer.Argument(help="What people call it.")]


def watch(
    name: NameArgument,
    dsn: DsnArgument,
    *,
    schema: SchemaOption = None,
    every: Annotated[str, typer.Option(help="How often to look, such as 10m or 2h.")] = "1h",
    venture: VentureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a catalogue as it is now, and have workers look for drift: a person is asked about it, and told of it."""
    seconds = length_of_time(every, "--every").total_seconds()
    kept = run_async(_watch(name, dsn, schema or [], seconds, venture))
    if as_json:
        print_json({"name": name, "objects": len(kept.objects), "every_seconds": seconds})
        return
    console.print(
        f"Kept {len(kept.objects)} objects of {', '.join(kept.schemas)}; workers look every {span(seconds)}."
    )


def watches(venture: VentureOption = None, *, as_json: JsonOption = False) -> None:
    """What is watched, and what was found."""
    rows = run_async(_watches(venture))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _print(row)
    if not rows:
        console.print("Nothing is watched. Begin with: holdfast verify watch NAME DSN")


def unwatch(name: NameArgument, *, venture: VentureOption = None) -> None:
    """Look no more."""
    run_async(_unwatch(name, venture))
    console.print(f"{name} is watched no more.")


async def _watch(
    name: str, dsn: str, schemas: list[str], every_seconds: float, venture: str | None
) -> drift.Catalogue:
    async with targets.connected(dsn, config.load()) as target:
        kept = await drift.read_catalogue(target, await chosen_schemas(target, schemas))
    async with connected(venture) as (hf, venture_id):
        await hf.engine.call(
            "keep_catalogue",
            name=name,
            target=dsn,
            catalogue=kept.as_json(),
            every_seconds=every_seconds,
            venture_id=venture_id,
        )
    return kept


async def _watches(venture: str | None) -> list[dict[str, Any]]:
    async with connected(venture) as (hf, venture_id):
        return [dict(row.items()) for row in await hf.engine.read("drift_watches", venture_id)]


async def _unwatch(name: str, venture: str | None) -> None:
    async with connected(venture) as (hf, venture_id):
        await hf.engine.call("forget_catalogue", name=name, venture_id=venture_id)


def _print(row: dict[str, Any]) -> None:
    differ = row["drift"] or []
    state = "failed" if differ else "lost" if row["problem"] else "completed"
    told = f"{len(differ)} differ" if differ else "as it was kept"
    line = mark(state, console) + Text(
        f" {row['name']:<30} {told}, looked at {ago(row['checked_at'])} ago"
    )
    console.print(line + Text(f"  {row['target']}", style="quiet"), soft_wrap=True)
    if row["problem"]:
        console.print(Text(f"    could not look: {row['problem']}", style="bad"), soft_wrap=True)
    for one in differ[:10]:
        console.print(f"    {one['what']} {one['object']}", soft_wrap=True)
