"""The tide mark: a thin line at the top that says how fresh what is below it is."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text
from textual.widgets import Static

from holdfast.terminal.marks import speaks_unicode
from holdfast.top.freshness import Freshness


class TideMark(Static):
    """How fresh, where, and how many wait for a person."""

    def __init__(self, freshness: Freshness, signs: Console, place: str) -> None:
        super().__init__()
        self._freshness = freshness
        self._signs = signs
        self._place = place
        self._waiting = 0

    def show(self, waiting: int) -> None:
        """Draw it anew."""
        self._waiting = waiting
        self.update(self._drawn())

    def on_resize(self) -> None:
        """The line is as long as the terminal is wide."""
        self.update(self._drawn())

    def _drawn(self) -> Text:
        unicode = speaks_unicode(self._signs)
        told = self._freshness.told()
        told = told if unicode else told.replace("·", "-")
        count = (
            f"{self._waiting} need{'s' * (self._waiting == 1)} you"
            if self._waiting
            else "nobody waits"
        )
        end = Text(f" {self._place}  ", style="quiet") + Text(
            count, style="buoy" if self._waiting else "quiet"
        )
        rule = max(0, self.size.width - len(told) - end.cell_len - 1)
        style = self._freshness.style
        return Text.assemble(
            (told, style), " ", ("─" * rule if unicode else "-" * rule, style), end
        )
