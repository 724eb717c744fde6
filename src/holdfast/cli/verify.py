"""`holdfast verify`: ask a live database whether it is as it should be."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from holdfast import config
from holdfast.changes import catalogue, constraints, targets
from holdfast.changes.constraints import Verdict
from holdfast.changes.findings import Finding, read_waivers
from holdfast.changes.looking import Patience, chosen_schemas
from holdfast.cli import verify_backfill, verify_drift, verify_watch
from holdfast.cli._connection import JsonOption, run_async
from holdfast.cli._output import console
from holdfast.cli._target import (
    COULD_NOT_LOOK,
    FOUND,
    LOCK_SECONDS,
    TIMEOUT_SECONDS,
    DsnArgument,
    LockTimeoutOption,
    SchemaOption,
    TimeoutOption,
    Told,
    give_result,
    looking,
    patience,
    shown,
    size_words,
)
from holdfast.terminal.marks import mark
from holdfast.terminal.words import span

app = typer.Typer(help="Ask a live database whether it is as it should be.", no_args_is_help=True)

app.command("backfill")(verify_backfill.backfill)
app.command("drift")(verify_drift.drift_command)
app.command("watch")(verify_watch.watch)
app.command("watches")(verify_watch.watches)
app.command("unwatch")(verify_watch.unwatch)


@app.command("constraints")
def constraints_command(
    dsn: DsnArgument,
    *,
    schema: SchemaOption = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Validate those that no row breaks.")
    ] = False,
    samples: Annotated[int, typer.Option(min=0, max=1000, help="Broken rows to show.")] = 5,
    timeout: TimeoutOption = TIMEOUT_SECONDS,
    lock_timeout: LockTimeoutOption = LOCK_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Count the rows that break each constraint which is NOT VALID. Exits 1 if there are any, 3 if one could not be looked at."""
    with looking():
        verdicts = run_async(
            _verdicts(
                dsn,
                schema or [],
                patience(timeout, lock_timeout),
                samples=samples,
                validate=validate,
                quiet=as_json,
            )
        )
    broken = [one for one in verdicts if one.is_broken]
    unseen = [one for one in verdicts if one.violations is None]
    failed = [one for one in verdicts if one.not_validated]
    give_result(
        {
            "constraints": verdicts,
            "broken": len(broken),
            "could_not_look": len(unseen),
            "validated": sum(one.validated for one in verdicts),
        },
        as_json=as_json,
    )
    if not as_json:
        _sum_up(verdicts, broken, unseen)
    if unseen:
        raise typer.Exit(COULD_NOT_LOOK)
    if broken or failed:
        raise typer.Exit(FOUND)


@app.command("catalogue")
def catalogue_command(
    dsn: DsnArgument,
    *,
    schema: SchemaOption = None,
    waivers: Annotated[
        Path | None, typer.Option(help="A TOML file whose [waivers] say what may stay, and why.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look for what no catalogue should have: open policies, foreign keys without index, … Exits 1 if something is open."""
    with looking():
        found = run_async(_catalogue(dsn, schema or []))
        found = read_waivers(waivers).applied(found)
    still_open = [one for one in found if one.is_open]
    give_result({"findings": found, "open": len(still_open)}, as_json=as_json)
    if not as_json:
        print_findings(found)
    if still_open:
        raise typer.Exit(FOUND)


def print_findings(found: list[Finding]) -> None:
    """The findings for a person, the open ones last, where they are seen."""
    for one in sorted(found, key=lambda one: one.is_open):
        state = "failed" if one.is_open else "skipped"
        where = f" line {one.line}" if one.line else ""
        line = mark(state, console) + Text(f" {one.rule}{where}: {one.object}: {one.message}")
        if not one.is_open:
            line += Text(f" Waived: {one.waived}", style="quiet")
        console.print(line, soft_wrap=True)
    left = sum(one.is_open for one in found)
    console.print(f"{left} open, {len(found) - left} waived." if found else "Nothing found.")


async def _verdicts(
    dsn: str, schemas: list[str], allowed: Patience, *, samples: int, validate: bool, quiet: bool
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    async with targets.connected(dsn, config.load()) as target:
        found = await constraints.unvalidated(target, await chosen_schemas(target, schemas))
        looked = constraints.verified(
            target, found, patience=allowed, samples=samples, validate=validate
        )
        with Told(quiet=quiet) as told:
            async with aclosing(looked):
                async for verdict in looked:
                    verdicts.append(verdict)
                    told.progress(len(verdicts), len(found), verdict.constraint.name)
                    if not quiet:
                        _print_verdict(verdict)
    return verdicts


async def _catalogue(dsn: str, schemas: list[str]) -> list[Finding]:
    async with targets.connected(dsn, config.load()) as target:
        return await catalogue.look_through(target, await chosen_schemas(target, schemas))


def _print_verdict(one: Verdict) -> None:
    constraint = one.constraint
    line = mark(_state(one), console) + Text(
        f" {constraint.on} {constraint.name}: {constraint.definition}"
    )
    console.print(line, soft_wrap=True)
    if one.could_not_look:
        console.print(Text(f"  could not look: {one.could_not_look}", style="bad"), soft_wrap=True)
        return
    rows = "rows unknown" if one.rows is None else f"about {one.rows:,} rows"
    told = f"  {one.violations:,} broken, counted in {span(one.seconds)} ({rows}, {size_words(one.bytes)})"
    console.print(told, soft_wrap=True)
    for row in one.samples:
        console.print(Text(f"    {shown(row)}", style="quiet"), soft_wrap=True)
    _print_validation(one)


def _print_validation(one: Verdict) -> None:
    if one.validated:
        console.print("  validated")
    elif one.not_validated:
        console.print(Text(f"  not validated: {one.not_validated}", style="bad"), soft_wrap=True)
    elif not one.constraint.is_enforced:
        console.print("  NOT ENFORCED: no row is held to it, and it cannot be validated")
    else:
        locks = ", ".join(f"{mode} on {table}" for table, mode in one.constraint.locks.items())
        console.print(
            Text(f"  validating takes about as long and locks: {locks}", style="quiet"),
            soft_wrap=True,
        )


def _state(one: Verdict) -> str:
    if one.violations is None:
        return "lost"
    return "failed" if one.is_broken or one.not_validated else "completed"


def _sum_up(verdicts: list[Verdict], broken: list[Verdict], unseen: list[Verdict]) -> None:
    if not verdicts:
        console.print("Every constraint is valid.")
        return
    parts = [f"{len(verdicts)} constraints are not valid: rows break {len(broken)}"]
    if unseen:
        parts.append(f"{len(unseen)} could not be looked at")
    if validated := sum(one.validated for one in verdicts):
        parts.append(f"{validated} validated now")
    console.print(f"{', '.join(parts)}.")
