"""The grip line: one bar for a run, with a gap where its worker died and a notch where Holdfast took hold again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

_TAKEN = ("execution.started", "execution.restarted")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grip:
    """One time that a worker had hold of it."""

    begin: datetime
    end: datetime | None
    """Unset while it lasts."""


def grips(events: Iterable[Any]) -> list[Grip]:
    """The holds, from the events that begin and end them."""
    found: list[Grip] = []
    for event in events:
        if event["type"] in _TAKEN:
            found.append(Grip(begin=event["time"], end=None))
        elif found and found[-1].end is None:
            found[-1] = dataclasses.replace(found[-1], end=event["time"])
    return found


def grip_line(held: Sequence[Grip], *, now: datetime, cells: int, unicode: bool) -> Text:
    """Solid where it was held, dotted where it was not; each taking up again is a notch with its number."""
    if not held:
        return Text()
    bar, gap = ("━", "╌") if unicode else ("=", ".")
    begin, end = held[0].begin, held[-1].end or now
    whole = max((end - begin).total_seconds(), 1e-9)

    def cell(moment: datetime) -> int:
        return min(cells - 1, int(cells * (moment - begin).total_seconds() / whole))

    line = [(gap, "buoy")] * cells
    for number, grip in enumerate(held):
        first, last = cell(grip.begin), cell(grip.end or now)
        line[first : last + 1] = [(bar, "kelp")] * (last + 1 - first)
        if number:
            _open(line, cell(held[number - 1].end or grip.begin), first, gap)
            line[first] = (_numeral(number), "buoy")
    return Text.assemble(*line)


def _open(line: list[tuple[str, str]], lost: int, taken: int, gap: str) -> None:
    """However short the gap was, it is seen."""
    for at in range(min(lost + 1, max(taken - 1, 0)), taken):
        line[at] = (gap, "buoy")


def _numeral(number: int) -> str:
    return str(number) if number < 10 else "+"  # noqa: PLR2004
