"""`holdfast plan new` and `holdfast plan schema`: writing plan files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from holdfast import config
from holdfast.agents.registry import programs_of
from holdfast.cli._output import console, print_note, print_warning
from holdfast.config import Settings
from holdfast.errors import PlanError
from holdfast.model.kinds import PROGRAMS
from holdfast.plans.reading import nearest
from holdfast.plans.schema import plan_schema
from holdfast.plans.template_files import template_names, write_template

SCHEMA = ".holdfast/plan.schema.json"


def new(
    template: Annotated[str, typer.Argument(help=f"One of {', '.join(template_names())}.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where; it is made.")] = Path(),
    task: Annotated[
        str | None, typer.Option("--task", help="What is to be done; it is written into TASK.md.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", help="The agent program; unset: one that is installed.")
    ] = None,
) -> None:
    """Write a plan from a template, ready to be run; what is there already is not changed."""
    chosen = _agent(agent)
    more = {SCHEMA: _schema_text()} | ({"TASK.md": f"{task}\n"} if task else {})
    written = write_template(template, folder, agent=chosen, more=more)
    for file in written.files:
        console.print(str(file))
    for file in written.kept:
        print_note(f"{file} was there already and is as it was.")
    console.print(
        f"Look at it with: holdfast run {written.plan} --dry-run. Run it with: holdfast run {written.plan}",
        style="quiet",
    )


def schema() -> None:
    """Print the JSON schema of plan files, with which editors complete them."""
    typer.echo(_schema_text(), nl=False)


def _schema_text() -> str:
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"


def _agent(told: str | None) -> str:
    if told is not None and told not in PROGRAMS:
        raise PlanError(f"{told} is no agent program.", hint=nearest(told, PROGRAMS))
    installed = _installed(config.load())
    if told is None and installed:
        return installed[0]
    chosen = told or PROGRAMS[0]
    if chosen not in installed:
        print_warning(
            f"{chosen} is not installed here. Install it where the plan runs, or say where it is with the setting {chosen}_command."
        )
    return chosen


def _installed(settings: Settings) -> list[str]:
    return [
        name for name in programs_of(settings) if shutil.which(getattr(settings, f"{name}_command"))
    ]
