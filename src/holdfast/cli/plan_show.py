"""`holdfast plan show`: what a plan did."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.cli._restorations import print_restoration
from holdfast.terminal.marks import mark, state_text
from holdfast.terminal.words import span


def show(
    plan: Annotated[str, typer.Argument(help="The plan's id, or the end of it.")],
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Tell a plan's story: its steps with times and evidence, its restorations, its questions."""

    async def work() -> dict[str, Any]:
        async with connected(venture) as (hf, venture_id):
            plan_id = await find_id(hf, venture_id, "plan", plan)
            [row] = await hf.engine.read("plan", venture_id, plan_id)
            return {
                "plan": row,
                "steps": await hf.engine.read("plan_rounds", venture_id, plan_id),
                "restorations": await hf.engine.read(
                    "restorations", venture_id, row["supervisor_id"]
                ),
                "questions": await hf.engine.read("plan_questions", venture_id, plan_id),
            }

    story = run_async(work())
    if as_json:
        print_json(story)
    else:
        print_story(story)


def print_story(story: dict[str, Any]) -> None:
    """A plan's story on the terminal."""
    row = story["plan"]
    console.print(
        Text.assemble(
            (row["name"], "bold"),
            "  ",
            state_text(row["status"], console),
            (f"  {row['sd_key']}", "quiet"),
        )
    )
    if row["error_message"]:
        console.print(Text(row["error_message"], style="bad"))
    console.print(_steps(story["steps"]))
    for restoration in story["restorations"]:
        print_restoration(restoration)
    for question in story["questions"]:
        console.print(f"\nquestion  {question['message']}  {_answer(question)}")


def _answer(question: Any) -> str:
    told = f"({question['answered_by'] or question['status']})"
    return told if question["answer"] is None else f"→  {question['answer']}  {told}"


def _steps(steps: list[Any]) -> Any:
    table = rows_table(
        "",
        "step",
        "role",
        "round",
        "attempt",
        "time",
        "evidence",
        right=("round", "attempt", "time"),
    )
    for step in steps:
        seconds = (
            (step["ended_at"] - step["started_at"]).total_seconds()
            if step["ended_at"] and step["started_at"]
            else None
        )
        table.add_row(
            mark(step["status"], console),
            step["title"],
            step["role"] or "",
            str(step["round"]),
            str(step["attempt"]),
            "" if seconds is None else span(seconds),
            _evidence(step),
        )
    return table


def _evidence(step: Any) -> Text:
    if step["exit_code"] is not None:
        command = " ".join(step["evidence_command"])
        return Text(
            f"exit {step['exit_code']} · {span(step['duration_ms'] / 1000)} · sha256 {step['output_digest'].hex()[:12]}\n{command}",
            style="quiet",
        )
    if step["error_message"]:
        return Text(step["error_message"].splitlines()[0][:70], style="bad")
    return Text()
