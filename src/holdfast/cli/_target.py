"""How commands that look at somebody's database are given it, tell what they do, and end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from holdfast.changes.looking import Patience
from holdfast.cli._output import errors, print_error, print_json
from holdfast.errors import HoldfastError

FOUND, COULD_NOT_LOOK = 1, 3

DsnArgument = Annotated[
    str, typer.Argument(help="postgresql://…, env:VARIABLE, or local:NAME.", show_default=False)
]
SchemaOption = Annotated[
    list[str] | None, typer.Option("--schema", help="Only this schema; may be given again.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, help="How long one statement may take, in seconds.")
]
LockTimeoutOption = Annotated[
    float, typer.Option("--lock-timeout", min=0.1, help="How long to wait for a lock, in seconds.")
]
TIMEOUT_SECONDS, LOCK_SECONDS = 600.0, 5.0


def patience(timeout: float, lock_timeout: float) -> Patience:
    """What the options say."""
    return Patience(statement_seconds=timeout, lock_seconds=lock_timeout)


@contextmanager
def looking() -> Iterator[None]:
    """Ends with an exit code of its own where something could not be looked at: it is no finding, and not none."""
    try:
        yield
    except HoldfastError as error:
        print_error(error)
        raise typer.Exit(COULD_NOT_LOOK) from error


def is_step() -> bool:
    """Whether this runs as the program of a plan's step, whose lines Holdfast reads."""
    return "HOLDFAST_EXECUTION_ID" in os.environ and not sys.stdout.isatty()


def give_result(value: dict[str, Any], *, as_json: bool) -> None:
    """For machines: what was found, as JSON where that was asked for, or as the step's result."""
    if as_json:
        print_json(value)
    elif is_step():
        sys.stdout.write("::result ")
        print_json(value)


class Told:
    """How far a command is: a bar in a terminal, lines for Holdfast in a plan's step, nothing in a pipe."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._is_step = is_step() and not quiet
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=quiet or not errors.is_terminal,
        )
        self._task = self._bar.add_task("")

    def __enter__(self) -> Told:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, done: int, total: int, text: str) -> None:
        """So much of so much, at this."""
        self._bar.update(self._task, completed=done, total=total, description=text)
        if self._is_step:
            sys.stdout.write(f"::progress {min(done, total)}/{total} {text}\n")
            sys.stdout.flush()


def shown(value: Any) -> str:
    """A row or a part of one, on one line."""
    return json.dumps(value, default=str, ensure_ascii=False)


def size_words(size: int | None) -> str:
    """A size on disk.

    >>> size_words(81920), size_words(None)
    ('80 kB', 'size unknown')
    """
    if size is None:
        return "size unknown"
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 10_000:  # noqa: PLR2004 -- four digits are read at a glance
            return f"{size} {unit}"
        size = round(size / 1024)
    return f"{size} TB"
