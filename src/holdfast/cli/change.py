"""`holdfast change`: review a migration, apply it or make it ready to paste, and ask whether it is there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from holdfast import config
from holdfast.changes import applying, drift, migrations, targets
from holdfast.changes.applying import Applied, Entry
from holdfast.changes.findings import read_waivers
from holdfast.changes.migrations import Migration
from holdfast.changes.reviewing import Review
from holdfast.changes.reviewing import review as review_migration
from holdfast.cli._connection import JsonOption, run_async
from holdfast.cli._output import console, print_file
from holdfast.cli._target import (
    FOUND,
    DsnArgument,
    LockTimeoutOption,
    Told,
    give_result,
    looking,
    patience,
)
from holdfast.cli.verify import print_findings
from holdfast.cli.verify_drift import keep_catalogue, print_drift
from holdfast.sync.files import write_atomically
from holdfast.terminal.marks import mark
from holdfast.terminal.words import ago, span

app = typer.Typer(
    help="Review a migration, apply it or make it ready to paste, and ask whether it is there.",
    no_args_is_help=True,
)
FileArgument = Annotated[Path, typer.Argument(help="The migration, a file of SQL.")]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Its name in the ledger; unset: the file's.")
]


@app.command()
def review(
    file: FileArgument,
    dsn: Annotated[
        str | None, typer.Argument(help="The database it is for: it is tried on a clone of that.")
    ] = None,
    *,
    waivers: Annotated[
        Path | None,
        typer.Option(help="A TOML file whose table `waivers` says what may stay, and why."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the catalogue as it will be in this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask squawk, try it on a clone of the catalogue, look through that. Exits 1 if something is open, 3 if it could not look."""
    with looking():
        told = run_async(_review(migrations.read(file), dsn))
        found = read_waivers(waivers).applied(told.findings)
        if keep is not None and told.expected is not None:
            keep_catalogue(told.expected, keep)
    left = [one for one in found if one.is_open]
    give_result({"findings": found, "open": len(left), "changes": told.changes}, as_json=as_json)
    if not as_json:
        if told.changes:
            console.print("What it changes:")
            print_drift(list(told.changes), unit="changes")
        print_findings(found)
    if left:
        raise typer.Exit(FOUND)


@app.command()
def script(
    file: FileArgument,
    *,
    direct: Annotated[
        bool, typer.Option("--direct", help="Its twin for a direct connection.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Write it into this file.")] = None,
    name: NameOption = None,
) -> None:
    """Print the migration for an SQL editor: one transaction, without CONCURRENTLY, with its entry in the ledger."""
    migration = migrations.read(file, name)
    text = migrations.for_direct(migration) if direct else migrations.for_pasting(migration)
    if output is None:
        print_file(text)
        return
    write_atomically(output, text.encode())
    console.print(f"Written to {output}.")


@app.command()
def apply(
    file: FileArgument,
    dsn: DsnArgument,
    *,
    name: NameOption = None,
    tries: Annotated[int, typer.Option(min=1, max=100, help="How often to try for a lock.")] = 10,
    lock_timeout: LockTimeoutOption = 3.0,
    timeout: Annotated[
        float,
        typer.Option(
            min=0, help="How long a statement may take that others wait behind; 0: any time."
        ),
    ] = 300.0,
    as_json: JsonOption = False,
) -> None:
    """Apply what of a migration is not applied yet. It may be killed anywhere and run again."""
    allowed = patience(timeout, lock_timeout)

    async def work() -> Applied:
        async with targets.connected(dsn, config.load(), make=True) as target:
            with Told(quiet=as_json) as told:
                return await applying.apply(
                    target,
                    migrations.read(file, name),
                    patience=allowed,
                    tries=tries,
                    on_progress=told.progress,
                )

    done = run_async(work())
    give_result({"deployment": f"{done.name} is applied", "applied": done}, as_json=as_json)
    if as_json:
        return
    if done.run:
        told = f"Applied {done.name}: {done.run} statements in {span(done.seconds)}."
    else:
        told = f"Nothing to do: {done.name} is applied."
    console.print(told)


@app.command()
def status(dsn: DsnArgument, *, as_json: JsonOption = False) -> None:
    """What the ledger of a database says was applied. Exits 1 if something is half applied."""
    with looking():
        entries = run_async(_entries(dsn))
    if as_json:
        give_result({"changes": entries}, as_json=True)
    else:
        for one in entries:
            _print_entry(one)
        if not entries:
            console.print("Nothing was applied here by Holdfast.")
    if not all(one.is_whole for one in entries):
        raise typer.Exit(FOUND)


@app.command()
def verify(
    file: FileArgument,
    dsn: DsnArgument,
    *,
    name: NameOption = None,
    expect: Annotated[
        Path | None, typer.Option(help="The catalogue that the review kept: it must be so now.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the live database whether the migration is there, whole and as reviewed. Exits 1 if not, 3 if it could not look."""
    with looking():
        migration = migrations.read(file, name)
        problem, found = run_async(_verify(migration, dsn, expect))
    give_result({"there": problem is None, "problem": problem, "drift": found}, as_json=as_json)
    if not as_json:
        state = "failed" if problem else "completed"
        console.print(mark(state, console) + Text(f" {problem or f'{migration.name} is applied'}"))
        if expect is not None:
            print_drift(found)
    if problem or found:
        raise typer.Exit(FOUND)


async def _review(migration: Migration, dsn: str | None) -> Review:
    settings = config.load()
    async with AsyncExitStack() as stack:
        target = None
        if dsn is not None:
            target = await stack.enter_async_context(targets.connected(dsn, settings, make=True))
        return await review_migration(migration, target, settings)


async def _entries(dsn: str) -> list[Entry]:
    async with targets.connected(dsn, config.load()) as target:
        return await applying.ledger(target)


async def _verify(
    migration: Migration, dsn: str, expect: Path | None
) -> tuple[str | None, list[drift.Drift]]:
    async with targets.connected(dsn, config.load()) as target:
        entries = await applying.ledger(target, migration.name)
        found: list[drift.Drift] = []
        if expect is not None:
            expected = drift.read_kept(expect)
            now = await drift.read_catalogue(target, list(expected.schemas))
            found = drift.drifted(expected, now)
    return _problem(migration, entries), found


def _problem(migration: Migration, entries: list[Entry]) -> str | None:
    if not entries:
        return f"{migration.name} is not in the ledger"
    if not entries[0].is_whole:
        return f"{migration.name} is applied up to statement {entries[0].done} of {entries[0].statements}"
    if entries[0].checksum != migration.checksum:
        return f"{migration.name} was applied, and its file says something else now"
    return None


def _print_entry(one: Entry) -> None:
    state = "completed" if one.is_whole else "failed"
    done = f"{one.done} of {one.statements} statements"
    told = f"{one.how} by {one.by}, {f'{ago(one.finished_at)} ago' if one.finished_at else done}"
    console.print(
        mark(state, console) + Text(f" {one.name:<40} ") + Text(told, style="quiet"),
        soft_wrap=True,
    )
