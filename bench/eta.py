"""Time remaining, told while replayed runs go on, against the average step times the steps that are left."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator

from bench._histories import KINDS, Kind, Moment, recorded, replay
from bench._support import Bench, Figure

TITLE = "eta: error of the time remaining in replayed runs"
PAST = {"no runs before": 0, "3 runs before": 3, "20 runs before": 20}
SAMPLES, RUNS = 5, 40
_SEED = 7


async def run(_: Bench) -> list[Figure]:
    figures = [
        figure(f"{name}, {told}", [moments(kind, before, seed) for seed in range(SAMPLES)])
        for name, kind in KINDS.items()
        for told, before in PAST.items()
    ]
    return [
        *figures,
        figure("recorded checks", [recorded_moments(seed) for seed in range(SAMPLES)]),
    ]


def moments(kind: Kind, before: int, seed: int) -> list[Moment]:
    """Looks at runs of many kinds of work of one sort."""
    dice = random.Random(_SEED + seed)
    return [moment for _ in range(RUNS) for moment in _of_one(kind, before, dice)]


def _of_one(kind: Kind, before: int, dice: random.Random) -> Iterator[Moment]:
    make = kind(dice)
    past = [make() for _ in range(before)]
    return replay(make(), past, dice)


def recorded_moments(seed: int) -> list[Moment]:
    """Looks at each recorded run, knowing those before it."""
    dice, runs = random.Random(_SEED + seed), recorded()
    return [
        moment
        for place in range(3, len(runs))
        for moment in replay(runs[place], runs[:place], dice)
    ]


def figure(name: str, samples: list[list[Moment]]) -> Figure:
    """The error as a share of the whole run, where both say something."""
    ours = [statistics.fmean(_errors(one)) for one in samples]
    average = [statistics.fmean(_errors_of_average(one)) for one in samples]
    ratios = [a / b for a, b in zip(ours, average, strict=True)]
    held = statistics.fmean(coverage(one) for one in samples)
    return Figure(
        name=f"{name}; the range held {held:.0%}",
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        measured=statistics.median(ours),
        yardstick=statistics.median(average),
        unit="of the run",
        at_most=1.0,
    )


def _errors(seen: list[Moment]) -> list[float]:
    return [
        abs(one.told.remaining.median_seconds - one.left_seconds) / one.total_seconds
        for one in seen
        if one.told is not None and one.average_seconds is not None
    ]


def _errors_of_average(seen: list[Moment]) -> list[float]:
    return [
        abs(one.average_seconds - one.left_seconds) / one.total_seconds
        for one in seen
        if one.told is not None and one.average_seconds is not None
    ]


def coverage(seen: list[Moment]) -> float:
    """How often the range held what was left."""
    told = [one for one in seen if one.told is not None]
    return statistics.fmean(
        one.told.remaining.low_seconds <= one.left_seconds <= one.told.remaining.high_seconds
        for one in told
        if one.told is not None
    )
