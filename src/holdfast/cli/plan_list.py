"""`holdfast plan list`, and plans as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._frames import remaining, state_of_plan
from holdfast.cli._output import console, print_json, rows_table
from holdfast.model.states import PlanStatus
from holdfast.progress import Progress, of_plans
from holdfast.terminal.marks import state_text
from holdfast.terminal.words import ago, short

_MOST = 200


def list_plans(
    status: Annotated[
        PlanStatus | None, typer.Option("--status", help="Only those in this state.")
    ] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=_MOST, help="How many.")] = 50,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List plans, newest first, those that are over too."""

    async def work() -> list[Any]:
        async with connected(venture) as (hf, venture_id):
            rows = await hf.engine.read("list_plans", venture_id, None, most, status, None)
            open_ids = [row["id"] for row in rows if row["ended_at"] is None]
            return with_progress(rows, await of_plans(hf.engine, venture_id, open_ids))

    rows = run_async(work())
    if as_json:
        print_json(rows)
    elif not rows:
        console.print("There is no plan. Begin one with: holdfast run PLAN.yaml", style="quiet")
    else:
        console.print(plans_table(rows))


def with_progress(rows: list[Any], known: Mapping[UUID, Progress]) -> list[Any]:
    """The rows, each with how far it is."""
    return [{**row, "eta": known.get(row["id"])} for row in rows]


def plans_table(rows: list[Any]) -> Table:
    """Plans, each on a line."""
    table = rows_table(
        *("id", "plan", "state", "steps", "restored", "begun", "remaining"),
        right=("steps", "restored", "begun"),
    )
    for row in rows:
        table.add_row(
            short(row["id"]),
            row["name"],
            state_text(state_of_plan(row), console),
            f"{row['completed_steps']}/{row['total_steps']}",
            str(row["restoration_count"] or ""),
            ago(row["created_at"]),
            remaining(row["eta"]) if row["ended_at"] is None else "",
        )
    return table
