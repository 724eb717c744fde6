"""A plan's schedule on the terminal, before it runs."""

from __future__ import annotations

import contextlib
from typing import Any

from rich.text import Text

from holdfast.cli._connection import connected
from holdfast.cli._output import console, print_json, rows_table
from holdfast.errors import HoldfastError
from holdfast.plans.schedule import Schedule, Turn, schedule
from holdfast.plans.spec import GATES, PERSON, Plan
from holdfast.terminal.words import span


async def read_schedule(plan: Plan, venture: str | None) -> Schedule:
    """The schedule, with the times that such steps took before where the database can be asked."""
    usual: dict[str, float] = {}
    with contextlib.suppress(HoldfastError):
        async with connected(venture) as (hf, venture_id):
            steps = plan.steps
            rows = await hf.engine.read(
                "usual_seconds",
                venture_id,
                [step.title for step in steps],
                [step.role for step in steps],
                [step.agent for step in steps],
            )
            told = {steps[row["n"] - 1].id: _seconds(row) for row in rows}
            usual = {step: seconds for step, seconds in told.items() if seconds is not None}
    return schedule(plan, usual)


def _seconds(row: Any) -> float | None:
    told = [row[name] for name in ("work_seconds", "verification_seconds") if row[name] is not None]
    return sum(told) if told else None


def print_schedule(found: Schedule, plan: Plan, *, as_json: bool) -> None:
    """Who does what after what, what waits for a person, and how long it may take."""
    if as_json:
        print_json(_as_json(found))
        return
    table = rows_table("wave", "step", "role", "agent", "after", "time", "", right=("wave", "time"))
    last = 0
    for turn in found.turns:
        step = turn.step
        table.add_row(
            str(turn.wave) if turn.wave != last else "",
            step.title if step.title == step.id else f"{step.title} ({step.id})",
            step.role or "",
            step.agent,
            ", ".join(step.needs),
            "" if turn.usual_seconds is None else span(turn.usual_seconds),
            Text(_remarks(turn), style="quiet"),
        )
        last = turn.wave
    console.print(Text(plan.name, style="bold"))
    console.print(table)
    for line in _foot(found, plan):
        console.print(line, style="quiet")


def _remarks(turn: Turn) -> str:
    step = turn.step
    told = []
    if step.gate is not None:
        told.append(f"gate: {step.gate.message}")
    if step.agent == PERSON:
        told.append("by hand")
    if step.foreach is not None:
        told.append("once for each item" if turn.times is None else f"{turn.times} times")
    if step.max_parallel is not None:
        told.append(f"{step.max_parallel} at once")
    if step.when is not None:
        told.append(f"when {step.when}")
    if step.verify is not None:
        told.append("verified")
    if not step.parallel:
        told.append("alone")
    return "; ".join(told)


def _foot(found: Schedule, plan: Plan) -> list[str]:
    told = [f"It is as long as: {' → '.join(found.longest)}"]
    if found.usual_seconds is not None:
        told.append(f"Expected: {span(found.usual_seconds)}, without the time that people take.")
    else:
        unknown = [turn.step.id for turn in found.turns if turn.usual_seconds is None]
        told.append(f"Expected: unknown; nothing is known yet of {', '.join(unknown)}.")
    told.append(f"At once: at most {found.at_once}{_limits(plan)}.")
    told += [f"Before it starts: {one.title}" for one in plan.checklist]
    if plan.mode != GATES:
        told.append(f"Mode: {plan.mode.replace('_', ' ')}.")
    return told


def _limits(plan: Plan) -> str:
    told = [f"{name} {most}" for name, most in {**plan.limits.roles, **plan.limits.agents}.items()]
    return f"; limits: {', '.join(told)}" if told else ""


def _as_json(found: Schedule) -> dict[str, Any]:
    return {
        "steps": [
            {
                "id": turn.step.id,
                "title": turn.step.title,
                "wave": turn.wave,
                "role": turn.step.role,
                "agent": turn.step.agent,
                "needs": list(turn.step.needs),
                "gate": turn.step.gate.message if turn.step.gate else None,
                "times": turn.times,
                "usual_seconds": turn.usual_seconds,
            }
            for turn in found.turns
        ],
        "at_once": found.at_once,
        "longest": list(found.longest),
        "usual_seconds": found.usual_seconds,
    }
