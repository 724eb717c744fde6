"""`holdfast hooks`: put Holdfast into an agent program's configuration, take it out, find out what is wrong."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, run_async
from holdfast.cli._output import console, print_json, say
from holdfast.engine.embedded import user_data_dir
from holdfast.errors import InvalidValue
from holdfast.hooks.commands import find_commands
from holdfast.hooks.doctor import examine, examine_holdfast, is_hooked, is_installed
from holdfast.hooks.findings import Finding
from holdfast.hooks.installing import Plan, Wishes, plan_installing, plan_uninstalling
from holdfast.hooks.memory import Memory
from holdfast.hooks.programs import PROGRAMS, find_program
from holdfast.hooks.programs.program import Program, Scope, Surroundings
from holdfast.sync.cache import Cache

app = typer.Typer(help="What agent programs call at their lifecycle events.", no_args_is_help=True)

ProgramArgument = Annotated[str, typer.Argument(help="claude, codex or gemini.", metavar="PROGRAM")]
ScopeOption = Annotated[
    Scope,
    typer.Option("--scope", help="The project's file, your own in this project, or your own."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]


@app.command()
def install(
    program: ProgramArgument,
    *,
    scope: ScopeOption = Scope.PROJECT,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    mcp: Annotated[bool, typer.Option("--mcp/--no-mcp", help="The MCP server too.")] = True,
    status_line: Annotated[
        bool, typer.Option("--status-line", help="Replace a status line that is there.")
    ] = False,
) -> None:
    """Merge the hooks into the program's configuration; what is there stays."""
    found = find_program(program)
    commands = find_commands(scope)
    wishes = Wishes(commands=commands, server=mcp, replace_status_line=status_line)
    plan = plan_installing(found, scope, _surroundings(), wishes, _memory())
    for note in (*plan.notes, *commands.notes):
        say(f"note: {note}")
    if _carry_out(plan, yes=yes, dry_run=dry_run):
        say(f"{found.title} calls Holdfast from its next session on.")
        for line in found.after_installing:
            say(line)


@app.command()
def uninstall(
    program: ProgramArgument,
    scope: ScopeOption = Scope.PROJECT,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take out what is ours, and nothing else."""
    found = find_program(program)
    where, memory = _surroundings(), _memory()
    plan = plan_uninstalling(found, scope, where, memory)
    for other in found.scopes:
        if other is not scope and plan_uninstalling(found, other, where, memory).changes:
            say(f"note: it is also installed with --scope {other}, which stays.")
    if _carry_out(plan, yes=yes, dry_run=dry_run):
        say(f"{found.title} does not call Holdfast any more.")


@app.command()
def doctor(
    program: Annotated[
        str | None,
        typer.Argument(
            help="claude, codex or gemini; unset means those that are to call Holdfast."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what keeps an agent program from calling Holdfast; exit 1 if something does."""
    where = _surroundings()
    present = [find_program(program)] if program else _programs_to_examine(where)
    found = [("holdfast", finding) for finding in run_async(examine_holdfast())]
    for one in present:
        found += [(one.name, finding) for finding in examine(one, where)]
    if not present:
        what = "None of claude, codex and gemini is installed here."
        found.append(("holdfast", Finding(what=what, next_step="Install one of them.")))
    if as_json:
        print_json([{"about": about, **dataclasses.asdict(one)} for about, one in found])
    else:
        _tell(found, [one.name for one in present])
    if any(one.is_wrong for _, one in found):
        raise typer.Exit(1)


def _programs_to_examine(where: Surroundings) -> list[Program]:
    """Those that are to call us; where there is none, those that could."""
    hooked = [one for one in PROGRAMS.values() if is_hooked(one, where)]
    return hooked or [one for one in PROGRAMS.values() if is_installed(one, where)]


def _tell(found: list[tuple[str, Finding]], programs: list[str]) -> None:
    for about, one in found:
        sort = "wrong" if one.is_wrong else "note "
        say(f"{sort}  {about}: {one.what} Next: {one.next_step}")
    wrong = {about for about, one in found if one.is_wrong}
    if "holdfast" not in wrong:
        for name in programs:
            if name not in wrong:
                say(f"well   {name} calls Holdfast.")


def _carry_out(plan: Plan, *, yes: bool, dry_run: bool) -> bool:
    """Show what would change, ask, do it; says whether it was done."""
    if not plan.changes:
        say("Nothing to change.")
        return False
    for change in plan.changes:
        _show_diff(change.diff)
    if dry_run:
        return False
    if not yes and not _agrees():
        say("Nothing was changed.")
        raise typer.Exit(1)
    plan.apply()
    for change in plan.changes:
        say(f"{'deleted' if change.after is None else 'wrote'} {change.file}")
    return True


def _agrees() -> bool:
    if not sys.stdin.isatty():
        raise InvalidValue(
            "There is no terminal to ask on.",
            hint="Look at the change above, then run it again with --yes.",
        )
    return typer.confirm("Write this?", default=True)


_STYLES = {"+": "kelp", "-": "bad", "@": "quiet"}


def _show_diff(diff: str) -> None:
    for line in diff.splitlines():
        console.print(Text(line, style=_STYLES.get(line[:1], "")), soft_wrap=True)


def _surroundings() -> Surroundings:
    folder = Cache.of_project(Path.cwd()).folder
    project = folder.parent if folder.name == ".holdfast" else Path.cwd()
    return Surroundings(project=project, home=_home(), environment=os.environ)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise InvalidValue("There is no home folder.", hint="Set HOME to one.") from None


def _memory() -> Memory:
    _home()
    return Memory(user_data_dir().parent)
