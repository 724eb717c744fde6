"""`holdfast run` and `holdfast plan`: start a plan, and tell its story."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast import config
from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.cli.watching import watch_until_over
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import load_plan
from holdfast.runtime.worker import Worker
from holdfast.terminal.marks import mark, state_text
from holdfast.terminal.words import short, span


def run(
    file: Annotated[Path, typer.Argument(help="The plan file.")],
    detach: Annotated[
        bool, typer.Option("--detach", help="Start it and return; a `holdfast worker` runs it.")
    ] = False,
    work_dir: Annotated[
        Path | None,
        typer.Option(
            "--work-dir", help="Where its steps keep files; unset means a folder for this run."
        ),
    ] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Run a plan. This process may be killed: a worker, or the same plan continued, goes on from where it was."""
    plan = load_plan(file)

    async def work() -> Any:
        async with connected(venture) as (hf, venture_id):
            folder = (work_dir or config_folder() / "runs" / plan.name.replace("/", "_")).resolve()
            folder.mkdir(parents=True, exist_ok=True)
            created = await create_plan(
                hf.engine, venture_id, plan, cwd=file.parent.resolve(), work_dir=folder
            )
            if detach:
                return created, None
            worker = Worker(hf, venture_id=venture_id)
            worker.start()
            try:
                await watch_until_over(hf, venture_id, created.id, as_json=as_json)
            finally:
                await worker.stop()
            [row] = await hf.engine.read("plan", venture_id, created.id)
            return created, row["status"]

    try:
        created, status = run_async(work())
    except KeyboardInterrupt:
        console.print("Interrupted; the plan is kept. Go on with: holdfast worker", style="quiet")
        raise typer.Exit(130) from None
    if as_json and detach:
        print_json(created)
    elif detach:
        console.print(f"plan {short(created.id)} is started. Run it with: holdfast worker")
    elif not as_json:
        console.print(f"Its story: holdfast plan {short(created.id)}", style="quiet")
    if status not in (None, "completed"):
        raise typer.Exit(1)


def config_folder() -> Path:
    """The project's `.holdfast` folder."""
    file = config.find_file(Path.cwd())
    return (file.parent if file else Path.cwd()) / ".holdfast"


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
        _print_restoration(restoration)
    for question in story["questions"]:
        console.print(
            f"\nquestion  {question['message']}  →  {question['answer']}  ({question['answered_by'] or question['status']})"
        )


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


def _print_restoration(restoration: Any) -> None:
    away = ""
    if restoration["interrupted_at"] is not None:
        away = f", taken up {span((restoration['restored_at'] - restoration['interrupted_at']).total_seconds())} after its lease ended"
    console.print(
        Text(
            f"\nrestoration {restoration['number']}  {restoration['source'].replace('_', ' ')}{away}",
            style="buoy",
        )
    )
    table = rows_table("found", "what", "action", "because")
    for finding in restoration["findings"]:
        table.add_row(
            finding["finding"].replace("_", " "),
            finding["subject"],
            finding["action"],
            finding["reason"],
        )
    console.print(table)
