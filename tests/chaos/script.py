"""What a made-up plan consists of: its shape, and what each attempt at a step comes to."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.chaos import effect


class Comes(StrEnum):
    """What an attempt at a step comes to."""

    FINE = "fine"
    FAILS = "fails"
    KILLED = "killed"  # its program, by somebody from outside
    REJECTED = "rejected"
    RED = "red"


class Means(StrEnum):
    """How a step does its work."""

    PROGRAM = "program"
    CALLABLE = "callable"
    NOTHING = "nothing"  # it has a gate or a verification only


@dataclasses.dataclass(frozen=True, kw_only=True)
class Back:
    """Where a step that failed for good sends the plan back to."""

    to: str
    at_most: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step, and how its attempts go; after the last one that is named all is fine."""

    id: str
    needs: tuple[str, ...]
    means: Means
    gated: bool = False
    verified: bool = False
    retries: int = 0
    attempts: tuple[Comes, ...] = ()
    back: Back | None = None
    seconds: float = 0.0

    def comes_to(self, number: int) -> Comes:
        """What the n-th attempt comes to, in all its rounds, from 0 on."""
        return self.attempts[number] if number < len(self.attempts) else Comes.FINE

    def answers(self) -> list[str]:
        """What a person says at its gate, each time that it is asked; approval after that."""
        return ["reject" if one is Comes.REJECTED else "approve" for one in self.attempts]

    def work(self) -> list[str]:
        """How its work ends, each time that it is begun; well after that."""
        told = {Comes.FAILS: "fail", Comes.KILLED: "hang"}
        return [told.get(one, "ok") for one in self.attempts if one is not Comes.REJECTED]

    def checks(self) -> list[str]:
        """How its verification ends, each time that it is run; well after that."""
        unverified = (Comes.REJECTED, Comes.FAILS, Comes.KILLED)
        return [
            "fail" if one is Comes.RED else "ok" for one in self.attempts if one not in unverified
        ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan with its script."""

    name: str
    shape: str
    steps: tuple[Step, ...]
    max_parallel: int | None = None

    def step(self, id: str) -> Step:
        return next(step for step in self.steps if step.id == id)

    def above(self, id: str) -> set[str]:
        """The steps that a step stands on, however far."""
        needs = self.step(id).needs
        return set(needs).union(*(self.above(need) for need in needs))

    def below(self, id: str) -> set[str]:
        """The steps that stand on a step, however far."""
        return {step.id for step in self.steps if id in self.above(step.id)}

    def as_file(self, folder: Path) -> dict[str, Any]:
        """What the plan's file says."""
        limit = {} if self.max_parallel is None else {"max_parallel": self.max_parallel}
        return {"name": self.name, "steps": [_as_file(s, folder) for s in self.steps], **limit}


def _as_file(step: Step, folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = {"id": step.id, "needs": list(step.needs), "retries": step.retries}
    if step.means is Means.PROGRAM:
        said["command"] = _program(folder, f"{step.id}.work", step.seconds, step.work())
    if step.means is Means.CALLABLE:
        said["agent"] = "effect"
        said["inputs"] = {
            "folder": str(folder),
            "name": f"{step.id}.work",
            "seconds": step.seconds,
            "outcomes": step.work(),
        }
    if step.gated:
        said["gate"] = {"message": f"May {step.id} begin?"}
    if step.verified:
        said["verify"] = {"command": _program(folder, f"{step.id}.verify", 0, step.checks())}
    if step.back is not None:
        said["on_failure"] = dataclasses.asdict(step.back)
    return said


def _program(folder: Path, name: str, seconds: float, outcomes: Sequence[str]) -> list[str]:
    quick = [sys.executable, "-I", "-S", effect.__file__]
    return [*quick, str(folder), name, str(seconds), *outcomes]
