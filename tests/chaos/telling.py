"""What `make chaos` shows: how far it is, what it killed, and of a fault the plan's story and how to see it again."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from holdfast.cli import plan_story
from holdfast.client import Holdfast
from holdfast.plans.story import read_story
from holdfast.terminal.colours import PLAIN
from tests.chaos.schedule import SAVE_POINTS, Harm
from tests.chaos.script import Plan

_BAR_CELLS = 40
# Upper ends, in seconds, of the bars of the picture.
_SPANS = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


async def story_of(hf: Holdfast, plan_id: UUID, plan: Plan) -> str:
    """What `holdfast plan story` tells of a plan, below its script."""
    told = await read_story(hf.engine, await hf.venture_id(), plan_id, last=300)
    console = Console(file=io.StringIO(), width=180, theme=PLAIN)
    console.print(plan, markup=False)
    plan_story.print_story(told, console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def make_progress(console: Console) -> Progress:
    """The line that moves while plans are done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(_BAR_CELLS),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[kills]} kills, {task.fields[faults]} faults"),
        console=console,
    )


def kills_table(kills: Counter[Harm]) -> Table:
    """How often what was killed, with bars."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("harm")
    table.add_column("times", justify="right")
    table.add_column("")
    most = max(kills.values(), default=1)
    for harm, times in kills.most_common():
        table.add_row(str(harm), str(times), "█" * max(1, round(_BAR_CELLS * times / most)))
    return table


def taken_up_table(seconds: Iterable[float]) -> Table:
    """How long after the end of a lease another worker had taken the plan up."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("taken up within", justify="right")
    table.add_column("times", justify="right")
    table.add_column("")
    counts = Counter(next((s for s in _SPANS if one <= s), float("inf")) for one in seconds)
    most = max(counts.values(), default=1)
    for span in (*_SPANS, float("inf")):
        if counts[span]:
            bar = "█" * max(1, round(_BAR_CELLS * counts[span] / most))
            table.add_row("longer" if span == float("inf") else f"{span} s", str(counts[span]), bar)
    return table


def coverage_of(points: Iterable[str]) -> str:
    """How many of the save points somebody died at."""
    met = {" ".join(point.split()[:2]) for point in points}
    missed = sorted(
        f"{moment} {name}"
        for name in SAVE_POINTS
        for moment in ("before", "after")
        if f"{moment} {name}" not in met
    )
    told = f"{len(met)} of {2 * len(SAVE_POINTS)} save points"
    return f"{told}; not at: {', '.join(missed)}" if missed else told
