"""How far work is, and how long it will still take."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any


class Basis(StrEnum):
    """What progress is derived from."""

    STEPS = "steps"
    TODOS = "todos"
    CHILDREN = "children"
    PLAN = "plan"


class Pace(StrEnum):
    """Where the pace is known from: how this run goes, how like work went before, or both."""

    OWN = "own"
    HISTORY = "history"
    BOTH = "both"


class Standing(StrEnum):
    """Whether anybody is at the work."""

    PENDING = "pending"
    WORKING = "working"
    STALLED = "stalled"
    """Somebody is, and nothing has got done for much longer than usual."""
    WAITING = "waiting"
    """It waits for a person, or for the time when it is tried again."""
    DEAD = "dead"
    """Nobody is: the lease ran out, or was given back."""
    OVER = "over"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remaining:
    """Seconds of work that are left: optimistic, median, pessimistic."""

    low_seconds: float
    median_seconds: float
    high_seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of the work that people have a name for."""

    name: str
    percent: float
    completed: int
    total: int
    is_running: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far one piece of work is; what is not known is None."""

    percent: float | None
    basis: Basis
    standing: Standing
    remaining: Remaining | None = None
    confidence: float | None = None
    """How often the time that was really left lay in such a range, in replayed histories."""
    pace: Pace | None = None
    usual_seconds: float | None = None
    """How long such work took before: the median."""
    seconds: float = 0.0
    """How long it has been worked on, without the time in which nobody was at it."""
    stages: tuple[Stage, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_stalled(self) -> bool:
        """Whether nothing has got done for much longer than usual, though somebody is at it."""
        return self.standing is Standing.STALLED

    def as_json(self) -> dict[str, Any]:
        """The object that the HTTP interface gives under `eta`."""
        return {
            "percent": _rounded(self.percent),
            "basis": self.basis.value,
            "standing": self.standing.value,
            "remaining_seconds": _range(self.remaining),
            "confidence": self.confidence,
            "pace": self.pace and self.pace.value,
            "usual_seconds": _rounded(self.usual_seconds),
            "worked_seconds": _rounded(self.seconds),
            "stalled": self.is_stalled,
            "stages": [_stage(stage) for stage in self.stages],
            "warnings": list(self.warnings),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _range(remaining: Remaining | None) -> dict[str, float] | None:
    if remaining is None:
        return None
    return {
        "low": round(remaining.low_seconds, 2),
        "median": round(remaining.median_seconds, 2),
        "high": round(remaining.high_seconds, 2),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "percent": round(stage.percent, 2),
        "completed": stage.completed,
        "total": stage.total,
        "running": stage.is_running,
    }
