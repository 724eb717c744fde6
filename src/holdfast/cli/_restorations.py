"""What restorations found, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from holdfast.cli._output import console, rows_table
from holdfast.terminal.words import span


def print_restoration(restoration: Any) -> None:
    """One restoration: when and why, and what was found."""
    away = ""
    if restoration["interrupted_at"] is not None:
        seconds = (restoration["restored_at"] - restoration["interrupted_at"]).total_seconds()
        away = f", taken up {span(seconds)} after its lease ended"
    title = (
        f"\nrestoration {restoration['number']}  {restoration['source'].replace('_', ' ')}{away}"
    )
    console.print(Text(title, style="buoy"))
    print_findings(restoration["findings"])


def print_findings(findings: Iterable[Any]) -> None:
    """Findings with what follows from each."""
    table = rows_table("step", "found", "what", "action", "because")
    for each in findings:
        table.add_row(
            each["step"].replace("_", " "),
            each["finding"].replace("_", " "),
            Text(each["subject"]),
            Text(each["action"].replace("_", " "), style=_style(each["action"])),
            Text(each["reason"]),
        )
    console.print(table)


def _style(action: str) -> str:
    return "quiet" if action == "keep" else "buoy" if action in ("repair", "respawn") else "bad"
