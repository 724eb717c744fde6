"""Histories of runs to replay: made up in several ways, and recorded."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from holdfast.progress.forecast import Forecast, forecast
from holdfast.progress.pieces import PastRun, Piece, PieceState, Work

RECORDED = Path(__file__).with_name("recorded_checks.json")
"""Fourteen runs of nine small checks of this repository, in seconds, on a busy machine."""

Run: TypeAlias = list[tuple[str, float]]
"""The pieces of a run: what each is called, and how long it takes."""
Kind: TypeAlias = Callable[[random.Random], Callable[[], Run]]
"""Makes a kind of work, whose runs are alike."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moment:
    """One look at a replayed run."""

    done: int
    left_seconds: float
    total_seconds: float
    told: Forecast | None
    average_seconds: float | None
    """What the average of the pieces that are done says."""


def _named(spread: float) -> Kind:
    """A dozen steps that take unlike times, each as long as usual but for this spread."""

    def kind(dice: random.Random) -> Callable[[], Run]:
        usual = [30 * math.exp(dice.gauss(0, 1)) for _ in range(12)]

        def run() -> Run:
            speed = math.exp(dice.gauss(0, 0.3))
            return [
                (f"step {place}", one * speed * math.exp(dice.gauss(0, spread)))
                for place, one in enumerate(usual)
            ]

        return run

    return kind


def _heavy(dice: random.Random) -> Callable[[], Run]:
    """Most steps are short, and some take far longer."""
    return lambda: [(f"step {place}", 20 * dice.paretovariate(1.3)) for place in range(12)]


def _growing(dice: random.Random) -> Callable[[], Run]:
    """Each step takes a tenth longer than the one before."""

    def run() -> Run:
        speed = math.exp(dice.gauss(0, 0.3))
        return [
            (f"step {place}", speed * 10 * 1.1**place * math.exp(dice.gauss(0, 0.3)))
            for place in range(16)
        ]

    return run


def _lists(dice: random.Random) -> Callable[[], Run]:
    """Todo lists: as long as they happen to be, of items that nobody has seen before."""

    def run() -> Run:
        speed = math.exp(dice.gauss(0, 0.5))
        return [
            (f"{dice.random()}", speed * 10 * math.exp(dice.gauss(0, 0.6)))
            for _ in range(dice.randint(6, 30))
        ]

    return run


def _restarts(dice: random.Random) -> Callable[[], Run]:
    """A worker dies now and then, and the next one does the step once more."""
    once = _named(0.4)(dice)

    def run() -> Run:
        return [
            (name, seconds * (1 + dice.random()) if dice.random() < 0.2 else seconds)
            for name, seconds in once()
        ]

    return run


KINDS: dict[str, Kind] = {
    "steady steps": _named(0.15),
    "log-normal steps": _named(0.5),
    "wild steps": _named(1.0),
    "heavy tail": _heavy,
    "growing steps": _growing,
    "todo lists": _lists,
    "restarts": _restarts,
}


def recorded() -> list[Run]:
    """Fourteen runs of this repository's own checks on a machine that others used too."""
    runs = json.loads(RECORDED.read_text())
    return [[(name, seconds) for name, seconds in run] for run in runs]


def replay(run: Run, past: list[Run], dice: random.Random) -> Iterator[Moment]:
    """Look at a run once in each of its pieces, knowing what was before."""
    before = tuple(PastRun(seconds=sum(s for _, s in one), pieces=len(one)) for one in past)
    known: dict[str, list[float]] = {}
    for one in past:
        for name, seconds in one:
            known.setdefault(name, []).append(seconds)
    total = sum(seconds for _, seconds in run)
    for done in range(len(run)):
        elapsed = dice.random() * run[done][1]
        pieces = tuple(
            _piece(name, seconds, place - done, elapsed, tuple(known.get(name, ())))
            for place, (name, seconds) in enumerate(run)
        )
        spent = sum(seconds for _, seconds in run[:done]) + elapsed
        yield Moment(
            done=done,
            left_seconds=total - spent,
            total_seconds=total,
            told=forecast(Work(pieces=pieces, seconds=spent, past=before)),
            average_seconds=spent / done * (len(run) - done) if done else None,
        )


def _piece(
    name: str, seconds: float, place: int, elapsed: float, history: tuple[float, ...]
) -> Piece:
    if place < 0:
        return Piece(name=name, state=PieceState.DONE, seconds=seconds, history=history)
    if place == 0:
        return Piece(name=name, state=PieceState.RUNNING, seconds=elapsed, history=history)
    return Piece(name=name, state=PieceState.LEFT, history=history)
