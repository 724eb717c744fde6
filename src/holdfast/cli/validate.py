"""`holdfast validate`: whether the project's files, git's branch and the database say the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._output import console, errors, print_error, print_json
from holdfast.cli._place import SessionOption, tell_replayed
from holdfast.errors import HoldfastError
from holdfast.sync.divergence import Repair
from holdfast.sync.keeping import SESSION_VARIABLE
from holdfast.sync.reconcile import Found, Reconciled, send_journal, settle_all, settle_known
from holdfast.sync.views import Project

CONSISTENT, DIVERGED, CANNOT_TELL = 0, 1, 2


def validate(
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair the project's files from the database.")
    ] = False,
    switch_branch: Annotated[
        bool, typer.Option("--switch-branch", help="With --fix: switch git's branch too.")
    ] = False,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Compare the project's files and git's branch with the database. Exit code 0: the same; 1: not; 2: cannot tell."""
    if switch_branch and not fix:
        raise typer.BadParameter("it goes with --fix", param_hint="--switch-branch")

    named = session or os.environ.get(SESSION_VARIABLE)

    async def work() -> Reconciled:
        async with connected(venture) as (hf, venture_id):
            project = Project(Path.cwd(), hf.engine, venture_id)
            return await _validate(project, named, fix, switch_branch)

    try:
        told = run_async(work())
    except (
        HoldfastError
    ) as error:  # also where the database is away: a file that fits itself proves nothing
        _tell_unable(error, as_json)
        raise typer.Exit(CANNOT_TELL) from None
    _tell(told, as_json)
    raise typer.Exit(CONSISTENT if told.is_consistent else DIVERGED)


async def _validate(
    project: Project, named: str | None, fix: bool, switch_branch: bool
) -> Reconciled:
    """The named session, else every one that the project's cache keeps."""
    replayed = await send_journal(project.start, project.engine)
    if named is not None:
        found = await settle_known(project, named, fix=fix, switch_branch=switch_branch)
    else:
        found = await settle_all(project, fix=fix, switch_branch=switch_branch)
    return Reconciled(replayed=replayed, found=found)


def _tell(told: Reconciled, as_json: bool) -> None:
    tell_replayed(told.replayed)
    if as_json:
        result = "consistent" if told.is_consistent else "diverged"
        print_json({"result": result, "differences": [_plain(one) for one in told.found]})
        return
    for one in told.found:
        console.print(Text(one.line), soft_wrap=True)
    if not told.found:
        console.print("consistent: files, branch and database say the same", style="quiet")
    if not told.is_consistent:
        errors.print(Text("next:  ", style="quiet") + Text(_next(told)), soft_wrap=True)


def _tell_unable(error: HoldfastError, as_json: bool) -> None:
    if as_json:
        print_json({"result": "cannot tell", "why": error.message})
    else:
        why = f"cannot validate: {error.message}"
        print_error(HoldfastError(why, hint=error.hint, detail=error.detail))


def _plain(one: Found) -> dict[str, Any]:
    return {
        "session_id": one.session_id,
        "kind": one.difference.kind,
        "line": one.difference.line,
        "repair": one.difference.repair.name.lower(),
        "is_repaired": one.is_repaired,
        "problem": one.problem,
    }


def _next(told: Reconciled) -> str:
    if told.replayed.stopped_by is not None:
        return told.replayed.stopped_by.hint or "Run it again."
    left = {one.difference.repair for one in told.found if not one.is_repaired}
    if left == {Repair.SWITCH_BRANCH}:
        return "Switch the branch, or: holdfast validate --fix --switch-branch"
    if left <= {Repair.SWITCH_BRANCH, Repair.BY_HAND}:
        return "Go to where the session is, or resume it here with: holdfast session start --id ID"
    return "Repair the files with: holdfast validate --fix"
