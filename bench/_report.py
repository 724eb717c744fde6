"""How results are shown to people, and kept for machines."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench._support import Figure

FOLDER = Path(__file__).parents[1] / ".holdfast" / "bench"
_VERDICTS = {True: "[green]met[/]", False: "[red]not met[/]", None: "[dim]–[/]"}


def table(figures: Sequence[Figure]) -> Table:
    """The figures, aligned."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("figure", max_width=60)
    for heading in ("measured", "yardstick", "ratio", "lowest … highest", "target"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    for figure in figures:
        shown.add_row(
            figure.name,
            _number(figure.measured, figure.unit),
            _number(figure.yardstick, figure.unit),
            f"{figure.ratio:.2f}",
            f"{figure.lowest:.2f} … {figure.highest:.2f}",
            figure.target,
            _VERDICTS[figure.met],
        )
    return shown


def keep(name: str, figures: Sequence[Figure], *, seconds: float, server_version: str) -> Path:
    """Write the figures where a program finds them; gives the file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{name}.json"
    content = {
        "benchmark": name,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "postgresql": server_version,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "figures": [dataclasses.asdict(figure) | {"met": figure.met} for figure in figures],
    }
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return file


def summary(console: Console, figures: Sequence[Figure]) -> None:
    """How many targets are met, and which are not."""
    missed = [figure.name for figure in figures if figure.met is False]
    promised = [figure for figure in figures if figure.met is not None]
    console.print(f"{len(promised) - len(missed)} of {len(promised)} targets met.")
    for name in missed:
        console.print(f"  not met: {name}")


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"
