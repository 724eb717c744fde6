"""How the command line prints: calm, aligned, one line per thing; colour only where the terminal has it."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console, ConsoleDimensions
from rich.table import Table
from rich.text import Text

from holdfast.errors import HoldfastError
from holdfast.progress import Progress
from holdfast.terminal.colours import PLAIN

_UNBOUNDED = 10_000


class _Console(Console):
    """A console that breaks lines for a terminal only: who reads from a pipe wants one line for one thing."""

    @property
    def size(self) -> ConsoleDimensions:
        """How many columns and lines there are."""
        size = super().size
        if self.is_terminal or "COLUMNS" in os.environ:
            return size
        return ConsoleDimensions(_UNBOUNDED, size.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size


# Without markup: names and texts that people chose may have brackets in them.
console = _Console(theme=PLAIN, highlight=False, markup=False)
errors = _Console(theme=PLAIN, highlight=False, markup=False, stderr=True)


def print_error(error: HoldfastError) -> None:
    """What happened, then what to do: one line each."""
    errors.print(Text("error: ", style="bad") + Text(_one_line(error.message)), soft_wrap=True)
    if error.hint:
        errors.print(Text("next:  ", style="quiet") + Text(_one_line(error.hint)), soft_wrap=True)


def print_warning(text: str) -> None:
    """What somebody should look at, though the command goes on."""
    errors.print(Text("warning: ", style="buoy") + Text(_one_line(text)), soft_wrap=True)


def print_note(text: str) -> None:
    """What happened besides what was asked for."""
    errors.print(Text(f"note: {_one_line(text)}", style="quiet"), soft_wrap=True)


def _one_line(text: str) -> str:
    """A value that somebody gave may have line ends in it."""
    return " ".join(text.split())


def print_json(value: Any) -> None:
    """For machines: one JSON value on one line."""
    is_utf8 = "utf" in sys.stdout.encoding.lower()
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=not is_utf8) + "\n")
    sys.stdout.flush()


def print_file(text: str) -> None:
    """What is to become a file: in UTF-8, whatever the terminal speaks."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    match value:
        case UUID() | Path():
            return str(value)
        case datetime():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bytes():
            return value.hex()
        case Enum():
            return value.value
        case tuple() | set():
            return list(value)
        case Progress():
            return value.as_json()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"{type(value).__name__} is not JSON")


def rows_table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """A table without boxes."""
    table = Table(box=None, pad_edge=False, header_style="quiet", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def tell(told: dict[str, Any], text: str, as_json: bool) -> None:
    """What came of a command, for a program or for a person."""
    if as_json:
        print_json(told)
    else:
        say(text)


def say(text: str) -> None:
    """A line with names in it that somebody chose: nothing in them is a mark of the terminal's."""
    console.print(Text(text), soft_wrap=True)
