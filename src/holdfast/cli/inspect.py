"""`holdfast status`: one look tells whether anyone needs you."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._frames import remaining
from holdfast.cli._output import console, print_json, rows_table
from holdfast.cli.plan_list import plans_table, with_progress
from holdfast.client import Holdfast
from holdfast.progress import of, of_plans
from holdfast.terminal.marks import state_text
from holdfast.terminal.words import ago, short

MOST_ROWS = 20


def status(as_json: JsonOption = False, venture: VentureOption = None) -> None:
    """Show what needs you, what is under way, and where the database is."""

    async def work() -> dict[str, Any]:
        async with connected(venture) as (hf, venture_id):
            engine = hf.engine
            plans = await engine.read("plans", venture_id, MOST_ROWS)
            executions = await engine.read("live_executions", venture_id, MOST_ROWS)
            return {
                "venture": hf.settings.venture,
                "server": _server(hf),
                "questions": await hf.questions(),
                "plans": with_progress(plans, await of_plans(engine, venture_id, _ids(plans))),
                "supervisors": await engine.read("live_supervisors", venture_id, MOST_ROWS),
                "executions": with_progress(
                    executions, await of(engine, venture_id, _ids(executions))
                ),
                "sessions": await engine.read("live_sessions", venture_id, MOST_ROWS),
            }

    found = run_async(work())
    if as_json:
        print_json(found)
        return
    where = found["server"] if "://" in found["server"] else f"{found['server']} PostgreSQL"
    console.print(f"venture {found['venture']} · {where}", style="quiet")
    for title, show in (
        ("Needs you", _questions(found["questions"])),
        ("Plans", plans_table(found["plans"]) if found["plans"] else None),
        ("Supervisors", _supervisors(found["supervisors"])),
        ("Executions", _executions(found["executions"])),
        ("Sessions", _sessions(found["sessions"])),
    ):
        if show is not None:
            console.print(Text(f"\n{title}", style="bold"))
            console.print(show)
    if not any(
        found[key] for key in ("questions", "plans", "supervisors", "executions", "sessions")
    ):
        console.print("\nNothing is here yet. Begin with: holdfast run PLAN.yaml", style="quiet")


def _ids(rows: list[Any]) -> list[UUID]:
    return [row["id"] for row in rows]


def _server(hf: Holdfast) -> str:
    """Where the database is."""
    if hf.settings.url is not None:
        return hf.settings.url
    return "given" if hf.settings.database_url else "embedded"


def _questions(rows: list[Any]) -> Any:
    if not rows:
        return Text("nobody", style="quiet")
    table = rows_table("id", "asked", "question", "by", right=("asked",))
    for row in rows:
        table.add_row(
            short(row["id"]),
            ago(row["created_at"]),
            Text(row["message"], style="buoy"),
            row["asker"],
        )
    return table


def _supervisors(rows: list[Any]) -> Any:
    if not rows:
        return None
    table = rows_table("id", "supervisor", "state", "doing", "restored", right=("restored",))
    for row in rows:
        state = "interrupted" if row["interrupted"] else row["state"]
        table.add_row(
            short(row["id"]),
            row["name"],
            state_text(state, console),
            row["current_activity"] or "",
            str(row["restoration_count"] or ""),
        )
    return table


def _executions(rows: list[Any]) -> Any:
    if not rows:
        return None
    table = rows_table(
        *("id", "execution", "state", "doing", "steps", "remaining"), right=("steps",)
    )
    for row in rows:
        state = "interrupted" if row["interrupted"] else row["status"]
        steps = f"{row['completed_steps']}/{row['total_steps']}" if row["total_steps"] else ""
        table.add_row(
            short(row["id"]),
            row["name"],
            state_text(state, console),
            row["current_activity"] or "",
            steps,
            remaining(row["eta"]),
        )
    return table


def _sessions(rows: list[Any]) -> Any:
    if not rows:
        return None
    table = rows_table("session", "agent", "state", "holds")
    for row in rows:
        table.add_row(
            row["session_id"],
            row["agent"] or "",
            state_text(row["state"], console),
            row["sd_key"] or "",
        )
    return table
