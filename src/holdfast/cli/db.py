"""`holdfast db`: bring a database up to this version, and look whether it is right."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from rich.text import Text

from holdfast import config
from holdfast.cli._connection import JsonOption, run_async
from holdfast.cli._output import console, print_file, print_json
from holdfast.engine import connections, migrate, opening, verify
from holdfast.terminal.marks import mark, speaks_unicode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from holdfast.engine.connections import Connection

_Result = TypeVar("_Result")

app = typer.Typer(
    help="Bring a database up to this version, and look whether it is right.",
    no_args_is_help=True,
)
_NAME_CELLS = 55


@app.command("migrate")
def migrate_command(as_json: JsonOption = False) -> None:
    """Apply what is pending. Any number of processes may do so at once."""

    async def work(connection: Connection) -> tuple[migrate.Status, migrate.Status]:
        return await migrate.migrate(connection), await migrate.status(connection)

    found, now = _on_database(work)
    if as_json:
        print_json({"migrated": list(found.pending), "redefined": found.outdated, **_as_json(now)})
        return
    for name in found.pending:
        _print_line("completed", name, "applied")
    if found.outdated:
        _print_line("completed", "functions, views and policies", "replaced")
    if found.is_current:
        console.print(f"Nothing to do: all {len(now.applied)} migrations are applied.")
    if now.drifted:
        _print_drift(now)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Tell what is applied, what is pending and what has drifted. Exits 1 unless all is applied."""
    found = _on_database(migrate.status)
    if as_json:
        print_json(_as_json(found))
    else:
        _print_status(found)
    if not found.is_current:
        raise typer.Exit(1)


@app.command("verify")
def verify_command(as_json: JsonOption = False) -> None:
    """Check the live schema, number by number, leaving nothing behind. Exits 1 if a check fails."""
    checks = run_async(_verify(quiet=as_json))
    failed = [check for check in checks if not check.passed]
    if as_json:
        print_json({"passed": not failed, "checks": checks})
    elif failed:
        console.print(f"{len(failed)} of {len(checks)} checks failed.", style="bad")
        console.print("What was changed by hand is named by: holdfast db status", style="quiet")
    else:
        console.print(f"All {len(checks)} checks passed; nothing was left behind.")
    if failed:
        raise typer.Exit(1)


@app.command()
def script() -> None:
    """Print everything as one SQL file, to run as one transaction in a dashboard's SQL editor."""
    print_file(migrate.script())


def _on_database(work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
    """Do something on one connection to the database that the settings name."""

    async def run() -> _Result:
        settings = config.load()
        async with opening.database(settings) as url:
            connection = await connections.connect(url, settings)
            try:
                return await connections.translated(lambda: work(connection), url)
            finally:
                await connection.close()

    return run_async(run())


async def _verify(*, quiet: bool) -> list[verify.Check]:
    settings = config.load()
    checks = []
    async with (
        opening.database(settings) as url,
        aclosing(verify.verify(url, settings)) as running,
    ):
        async for check in running:
            checks.append(check)
            if not quiet:
                _print_check(check)
    return checks


def _print_check(check: verify.Check) -> None:
    number = f"[{check.number}/{check.total}]"
    dots = "…" if speaks_unicode(console) else "..."
    name = check.name if speaks_unicode(console) else check.name.replace("…", "...")
    line = Text(f"{number:<7} ", style="quiet") + Text(f"{name} {dots}".ljust(_NAME_CELLS))
    line += (
        Text(" ok", style="kelp") if check.passed else Text(f" FAILED {check.detail}", style="bad")
    )
    console.print(line, soft_wrap=True)


def _print_status(found: migrate.Status) -> None:
    for name in found.applied:
        if name in found.changed:
            _print_line("failed", name, "its file was changed after it was applied")
        else:
            _print_line("completed", name, "applied")
    for name in found.pending:
        _print_line("pending", name, "pending")
    state, told = (
        ("pending", "of another version") if found.outdated else ("completed", "of this version")
    )
    _print_line(state, "functions, views and policies", told)
    if found.drifted:
        _print_drift(found)
    if found.changed:
        console.print(
            "Restore the changed files and put the change into a new migration.", style="quiet"
        )
    elif found.pending or found.outdated:
        console.print("Apply it with: holdfast db migrate", style="quiet")
    elif found.is_current:
        console.print("All is applied.")


def _print_drift(found: migrate.Status) -> None:
    for name in found.drifted:
        _print_line("lost", name, "changed in the database by hand")
    console.print(
        "Undo it, or make it a migration. What it broke is told by: holdfast db verify",
        style="quiet",
    )


def _print_line(state: str, name: str, told: str) -> None:
    line = mark(state, console) + Text(f" {name:<44} ") + Text(told, style="quiet")
    console.print(line, soft_wrap=True)


def _as_json(found: migrate.Status) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "is_current": found.is_current}
