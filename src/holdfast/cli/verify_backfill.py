"""`holdfast verify backfill`: whether a copy is what it was copied from."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Annotated

import typer
from rich.text import Text

from holdfast import config
from holdfast.changes import targets
from holdfast.changes.backfill.comparing import Comparison, Difference
from holdfast.changes.backfill.service import Question, compare
from holdfast.changes.backfill.tables import Wanted
from holdfast.changes.looking import Patience
from holdfast.cli._connection import JsonOption, run_async
from holdfast.cli._output import console
from holdfast.cli._target import (
    FOUND,
    LOCK_SECONDS,
    TIMEOUT_SECONDS,
    DsnArgument,
    LockTimeoutOption,
    TimeoutOption,
    Told,
    give_result,
    looking,
    patience,
    shown,
)
from holdfast.errors import InvalidValue
from holdfast.terminal.marks import mark


def backfill(
    dsn: DsnArgument,
    source: Annotated[str, typer.Argument(help="The table or view that was copied from.")],
    target: Annotated[str, typer.Argument(help="The table that it was copied to.")],
    *,
    to: Annotated[
        str | None, typer.Option("--to", help="The target's database, where it is another.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="A column of the key; unset: the primary key.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="A column to compare; unset: all that both have.")
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="A column to leave out.")] = None,
    rename: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW: the source's name of the target's column.")
    ] = None,
    where: Annotated[str | None, typer.Option(help="Only these rows of the source.")] = None,
    target_where: Annotated[str | None, typer.Option(help="Only these of the target.")] = None,
    samples: Annotated[int, typer.Option(min=0, max=1000, help="Rows to show of each kind.")] = 5,
    most: Annotated[
        int, typer.Option(min=1, help="With how many differing rows to give up.")
    ] = 10_000,
    timeout: TimeoutOption = TIMEOUT_SECONDS,
    lock_timeout: LockTimeoutOption = LOCK_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Compare a copy with its source: counts, anti-joins both ways, checksums. Exits 1 if they differ, 3 if it could not look."""
    with looking():
        wanted = Wanted(
            key=tuple(key or ()),
            columns=tuple(column or ()),
            without=tuple(without or ()),
            renamed=_renamed(rename or []),
        )
        question = Question(
            source=source,
            target=target,
            wanted=wanted,
            source_where=where,
            target_where=target_where,
            samples=samples,
            most=most,
        )
        found = run_async(
            _compare(dsn, to, question, patience(timeout, lock_timeout), quiet=as_json)
        )
    give_result(
        {"is_same": found.is_same, "differences": found.differences, "comparison": found},
        as_json=as_json,
    )
    if not as_json:
        _print(found)
    if not found.is_same:
        raise typer.Exit(FOUND)


async def _compare(
    dsn: str, to: str | None, question: Question, allowed: Patience, *, quiet: bool
) -> Comparison:
    settings = config.load()
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(targets.connected(dsn, settings))
        target = source
        if to is not None:
            target = await stack.enter_async_context(targets.connected(to, settings))
        with Told(quiet=quiet) as told:
            return await compare(
                source, target, question, patience=allowed, on_progress=told.progress
            )


def _renamed(pairs: list[str]) -> dict[str, str]:
    renamed = {}
    for pair in pairs:
        old, is_there, new = pair.partition("=")
        if not (old and is_there and new):
            raise InvalidValue(f"--rename {pair!r} is not OLD=NEW.", hint="Such as name=full_name.")
        renamed[new] = old
    return renamed


def _print(found: Comparison) -> None:
    state = "completed" if found.is_same else "failed"
    rows = f"{found.source_rows:,} rows against {found.target_rows:,}"
    console.print(mark(state, console) + Text(f" {found.source} → {found.target}: {rows}"))
    at_least = "at least " if found.gave_up else ""
    for name, count in (
        ("missing from the target", found.missing),
        ("only in the target", found.extra),
        ("different", found.different),
    ):
        console.print(f"  {at_least if count else ''}{count:,} {name}")
    if found.keys_missing is not None:
        told = f"  anti-joins: {found.keys_missing:,} keys missing, {found.keys_extra:,} only in the target"
        console.print(told)
    for one in found.samples:
        console.print(Text(f"    {_told(one, found.key)}", style="quiet"), soft_wrap=True)
    _print_conditions(found)


def _print_conditions(found: Comparison) -> None:
    """Under which conditions this holds: nobody shall read more into it."""
    if not found.is_one_moment:
        console.print("  Two databases cannot be seen at one moment: what was written meanwhile may differ.", style="quiet")  # fmt: skip
    if found.left_out:
        console.print(
            Text(f"  not compared: {', '.join(found.left_out)}", style="quiet"), soft_wrap=True
        )


def _told(one: Difference, key: tuple[str, ...]) -> str:
    told = f"{one.what} {shown(dict(zip(key, one.key, strict=True)))}"
    for name, (mine, theirs) in one.columns.items():
        told += f" {name}: {shown(mine)} → {shown(theirs)}"
    return told
