"""How far work is, and how long it will take."""

from __future__ import annotations

from pydantic import BaseModel


class Remaining(BaseModel):
    """How many seconds are left, as a range."""

    low: float
    median: float
    high: float


class Stage(BaseModel):
    """A part of the work."""

    name: str
    percent: float
    completed: int
    total: int
    running: bool


class Eta(BaseModel):
    """How far a piece of work is; what is not known is null."""

    percent: float | None
    basis: str
    standing: str
    remaining_seconds: Remaining | None
    confidence: float | None
    pace: str | None
    usual_seconds: float | None
    worked_seconds: float | None
    stalled: bool
    stages: list[Stage]
    warnings: list[str]


class Measured(BaseModel):
    """What a list shows with `eta=1`."""

    eta: Eta | None = None
