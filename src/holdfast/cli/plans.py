"""`holdfast run`, and the commands on plan files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from holdfast import config
from holdfast.cli import (
    plan_actions,
    plan_check,
    plan_files,
    plan_list,
    plan_progress,
    plan_show,
    plan_story,
)
from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._group import WithChief
from holdfast.cli._output import console, print_json
from holdfast.cli._schedule import print_schedule, read_schedule
from holdfast.cli.watching import watch_until_over
from holdfast.plans.creating import create_plan
from holdfast.plans.inputs import read_inputs, with_inputs
from holdfast.plans.loading import load_plan
from holdfast.plans.spec import Plan
from holdfast.runtime.worker import Worker
from holdfast.terminal.words import short

app = typer.Typer(
    cls=WithChief, help="Plans: their files, and what becomes of them.", no_args_is_help=True
)
plan_actions.register(app)


@app.command("run")
def run(
    file: Annotated[Path, typer.Argument(help="The plan file.")],
    *,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start it and return; a `holdfast worker` runs it.")
    ] = False,
    work_dir: Annotated[
        Path | None,
        typer.Option(
            "--work-dir", help="Where its steps keep files; unset means a folder for this run."
        ),
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--input", help="One of its inputs, as NAME=VALUE.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what it would do, in which order; start nothing."),
    ] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Run a plan. This process may be killed: a worker, or the same plan continued, goes on from where it was."""
    plan = with_inputs(load_plan(file), read_inputs(given or []))
    if dry_run:
        print_schedule(run_async(read_schedule(plan, venture)), plan, as_json=as_json)
        return
    try:
        created, status = run_async(
            _run(plan, file, work_dir, detach=detach, as_json=as_json, venture=venture)
        )
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


async def _run(
    plan: Plan,
    file: Path,
    work_dir: Path | None,
    *,
    detach: bool,
    as_json: bool,
    venture: str | None,
) -> tuple[Any, str | None]:
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


def config_folder() -> Path:
    """The project's `.holdfast` folder."""
    file = config.find_file(Path.cwd())
    return (file.parent if file else Path.cwd()) / ".holdfast"


app.command("list")(plan_list.list_plans)
app.command("new")(plan_files.new)
app.command("schema")(plan_files.schema)
app.command("check")(plan_check.check)
app.command("progress")(plan_progress.progress)
app.command("show")(plan_show.show)
app.command("story")(plan_story.story)
