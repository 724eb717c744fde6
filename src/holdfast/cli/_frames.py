"""What a plan and other work look like at one moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rich.console import Group, RenderableType
from rich.text import Text

from holdfast.cli._output import console, rows_table
from holdfast.client import Holdfast
from holdfast.progress import Progress, describe, of, of_plans
from holdfast.terminal.marks import honest_bar, mark, state_text
from holdfast.terminal.words import short, span


async def plan_frame(hf: Holdfast, venture_id: UUID, plan: Any) -> RenderableType:
    """A plan: its bar, its time, a line for each step."""
    steps = await hf.engine.read("plan_steps", venture_id, plan["id"])
    progress = (await of_plans(hf.engine, venture_id, [plan["id"]])).get(plan["id"])
    elapsed = _elapsed(plan)
    line = honest_bar(progress, console)
    line.append(f"  {plan['completed_steps']}/{plan['total_steps']} steps  {span(elapsed)}")
    if plan["ended_at"] is None:
        line.append(f"  remaining: {remaining(progress)}", style="quiet")
    return Group(plan_line(plan), line, _steps(steps))


def state_of_plan(plan: Any) -> str:
    """Its status; `interrupted` while it runs and nobody has it."""
    is_interrupted = plan["status"] == "running" and plan["interrupted"]
    return "interrupted" if is_interrupted else str(plan["status"])


def plan_line(plan: Any) -> Text:
    """A plan's name and state."""
    line = Text.assemble(
        (plan["name"], "bold"),
        "  ",
        state_text(state_of_plan(plan), console),
        (f"  {short(plan['id'])}", "quiet"),
    )
    if plan["restoration_count"]:
        line.append(f"  restored {plan['restoration_count']}×", style="buoy")
    return line


def step_line(step: Any) -> Text:
    """A step's title and state, with what is to be known of it."""
    line = Text.assemble(mark(step["status"], console), f" {step['title']}  {step['status']}")
    if step["round"] > 1:
        line.append(f"  round {step['round']}", style="quiet")
    if doing := _doing(step):
        line.append("  ").append(doing)
    return line


async def work_frame(hf: Holdfast, venture_id: UUID, rows: dict[str, list[Any]]) -> RenderableType:
    """Executions and supervisors that belong to no plan."""
    table = rows_table("", "", "", "", "")
    for row in rows.get("supervisors", ()):
        state = "interrupted" if row["interrupted"] else row["state"]
        table.add_row(
            mark(state, console),
            row["name"],
            state.replace("_", " "),
            row["current_activity"] or "",
            "",
        )
    executions = rows.get("executions", [])
    known = await of(hf.engine, venture_id, [row["id"] for row in executions])
    for row in executions:
        progress = known.get(row["id"])
        state = "interrupted" if row["interrupted"] else row["status"]
        table.add_row(
            mark(state, console),
            row["name"],
            honest_bar(progress, console),
            row["current_activity"] or "",
            remaining(progress),
        )
    return table if table.row_count else Text()


def _steps(steps: list[Any]) -> RenderableType:
    table = rows_table("", "step", "role", "state", "round", "time", "", right=("round", "time"))
    for step in steps:
        table.add_row(
            mark(step["status"], console),
            step["title"],
            step["role"] or "",
            step["status"],
            str(step["round"]) if step["round"] > 1 else "",
            span(_elapsed(step)) if step["started_at"] else "",
            _doing(step),
        )
    return table


def _doing(step: Any) -> Text:
    if step["status"] == "waiting":
        return Text("waits for you: holdfast questions", style="buoy")
    if step["status"] == "failed":
        return Text(step["error_message"].splitlines()[0][:60], style="bad")
    if step["status"] in ("running", "verifying") and step["total_steps"]:
        return Text(
            f"{step['completed_steps']}/{step['total_steps']} {step['current_activity'] or ''}",
            style="quiet",
        )
    if step["exit_code"] is not None:
        return Text(
            f"verified: exit {step['exit_code']}, {step['output_digest'].hex()[:8]}", style="quiet"
        )
    return Text()


def remaining(progress: Progress | None) -> str:
    """How long it will still take, or why that is not the question now."""
    if progress is None:
        return describe(None)
    if progress.is_stalled:
        return "stalled: no progress for long"
    return describe(progress.remaining)


def _elapsed(row: Any) -> float:
    if row["started_at"] is None:
        return 0.0
    elapsed: float = ((row["ended_at"] or datetime.now(UTC)) - row["started_at"]).total_seconds()
    return elapsed
