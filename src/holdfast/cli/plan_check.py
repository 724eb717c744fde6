"""`holdfast plan check`: whether a file is a plan, and whether what must hold before a plan starts does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.plans.loading import load_plan
from holdfast.plans.spec import Condition, Plan, as_json
from holdfast.plans.steering import SteeredPlan
from holdfast.terminal.marks import mark
from holdfast.terminal.words import ago


def check(
    plan: Annotated[str, typer.Argument(help="A plan file; or a plan's id, or the end of it.")],
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Say whether a file is a plan; of a plan that was started, which conditions of its checklist hold."""
    if Path(plan).is_file() or plan.endswith((".yaml", ".yml")):
        _tell_file(Path(plan), load_plan(Path(plan)), is_json=as_json)
        return

    async def work() -> list[dict[str, Any]]:
        async with connected(venture) as (hf, venture_id):
            plan_id = await find_id(hf, venture_id, "plan", plan)
            return await SteeredPlan(hf.engine, venture_id, plan_id).conditions()

    conditions = run_async(work())
    if as_json:
        print_json(conditions)
    else:
        _tell_conditions(conditions)
    if not all(one["holds"] for one in conditions):
        raise typer.Exit(1)


def _tell_file(file: Path, plan: Plan, *, is_json: bool) -> None:
    if is_json:
        print_json(as_json(plan))
        return
    console.print(f"{file} is a plan: {plan.name}, {len(plan.steps)} steps.")
    for condition in plan.checklist:
        console.print(f"Before it starts: {condition.title} ({_kind_of(condition)})")


def _kind_of(condition: Condition) -> str:
    if condition.plan is not None:
        return f"the step {condition.step} of the plan {condition.plan} is completed"
    return "somebody ticks it" if condition.tick else " ".join(condition.command)


def _tell_conditions(conditions: list[dict[str, Any]]) -> None:
    if not conditions:
        console.print("It has no checklist: nothing must hold before it starts.")
        return
    table = rows_table("", "condition", "title", "found", "checked")
    for one in conditions:
        table.add_row(
            mark("completed" if one["holds"] else "waiting", console),
            one["condition_id"],
            one["title"],
            Text(_found(one)),
            ago(one["checked_at"]),
        )
    console.print(table)


def _found(condition: dict[str, Any]) -> str:
    if condition["ticked_by"]:
        return f"ticked by {condition['ticked_by']}"
    return condition["told"] or ("it holds" if condition["holds"] else "not checked yet")
