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
    MUTE = "mute"  # it ends well, and an output that it owes is not there


class Means(StrEnum):
    """How a step does its work."""

    PROGRAM = "program"
    CALLABLE = "callable"
    PERSON = "person"
    NOTHING = "nothing"  # it has a gate or a verification only


@dataclasses.dataclass(frozen=True, kw_only=True)
class Back:
    """Where a step that failed for good sends the plan back to."""

    to: str
    at_most: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rollback:
    """What an operator has taken back, once a step is completed."""

    to: str
    after: str


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
    goes_on: bool = False
    """Whether the plan goes on when it has failed for good."""
    when: bool | None = None
    """What its `when` says; none: it has no `when`."""
    items: int = 0
    """For how many items it is done; 0: it is done once."""
    seconds: float = 0.0
    owes: bool = False
    """Whether its result must have an output."""
    undoes: bool = False
    """Whether a command takes back what it did."""

    @property
    def is_run(self) -> bool:
        """Whether a worker does its work."""
        return self.means in (Means.PROGRAM, Means.CALLABLE)

    def comes_to(self, number: int) -> Comes:
        """What the n-th attempt comes to, in all its rounds, from 0 on."""
        return self.attempts[number] if number < len(self.attempts) else Comes.FINE

    def answers(self) -> list[str]:
        """What a person says at its gate, each time that it is asked; approval after that."""
        return ["reject" if one is Comes.REJECTED else "approve" for one in self.attempts]

    def words(self) -> list[str]:
        """What a person says of its work, each time that it is to be done by hand; done after that."""
        begun = [one for one in self.attempts if one is not Comes.REJECTED]
        return ["failed" if one is Comes.FAILS else "done" for one in begun]

    def work(self) -> list[str]:
        """How its work ends, each time that it is begun; well after that."""
        told = {Comes.FAILS: "fail", Comes.KILLED: "hang", Comes.MUTE: "mute"}
        return [told.get(one, "ok") for one in self.attempts if one is not Comes.REJECTED]

    def checks(self) -> list[str]:
        """How its verification ends, each time that it is run; well after that."""
        unverified = (Comes.REJECTED, Comes.FAILS, Comes.KILLED, Comes.MUTE)
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
    mode: str = "gates"
    report_wait: float = 0
    """For how many seconds a report may be stopped."""
    checklist: tuple[str, ...] = ()
    """What must hold before it starts: `command`, `tick`, or `PLAN/STEP`, a step of another plan."""
    rollback: Rollback | None = None

    @property
    def asks_after_steps(self) -> bool:
        """Whether a question follows each completed step."""
        return self.mode == "each_step" or (self.mode == "report" and self.report_wait > 0)

    def step(self, id: str) -> Step:
        """The step of that id, or of which that is an item."""
        return next(step for step in self.steps if step.id == id.partition(".")[0])

    def above(self, id: str) -> set[str]:
        """The steps that a step stands on, however far."""
        needs = self.step(id).needs
        return set(needs).union(*(self.above(need) for need in needs))

    def below(self, id: str) -> set[str]:
        """The steps that stand on a step, however far."""
        return {step.id for step in self.steps if id in self.above(step.id)}

    def as_file(self, folder: Path) -> dict[str, Any]:
        """What the plan's file says."""
        said: dict[str, Any] = {"name": self.name, "mode": self.mode}
        if self.max_parallel is not None:
            said["max_parallel"] = self.max_parallel
        if self.report_wait:
            said["report_wait"] = self.report_wait
        said["checklist"] = [_condition(kind, folder) for kind in self.checklist]
        return said | {"steps": [_as_file(step, folder) for step in self.steps]}


def _condition(kind: str, folder: Path) -> dict[str, Any]:
    plan, _, step = kind.partition("/")
    if step:
        return {"id": f"{plan}-{step}", "plan": plan, "step": step}
    if kind == "tick":
        return {"id": kind, "tick": True}
    return {"id": kind, "command": _program(folder, "checklist.work", 0, [])}


def _as_file(step: Step, folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = {"id": step.id, "needs": list(step.needs), "retries": step.retries}
    said |= _work(step, folder) | _course(step)
    if step.gated:
        said["gate"] = {"message": f"May {step.id} begin?"}
    if step.undoes:
        said["undo"] = _program(folder, f"{_name(step)}.undo", 0, [])
    if step.owes:
        said["outputs"] = ["number"]
    if step.verified:
        said["verify"] = {"command": _program(folder, f"{_name(step)}.verify", 0, step.checks())}
    return said


def _work(step: Step, folder: Path) -> dict[str, Any]:
    name = f"{_name(step)}.work"
    match step.means:
        case Means.PROGRAM:
            return {"command": _program(folder, name, step.seconds, step.work())}
        case Means.CALLABLE:
            given = {"folder": str(folder), "name": name, "seconds": step.seconds}
            return {"agent": "effect", "inputs": {**given, "outcomes": step.work()}}
        case Means.PERSON:
            return {"agent": "person", "prompt": f"Do {step.id} by hand."}
    return {}


def _course(step: Step) -> dict[str, Any]:
    """When it is done, how often, and what follows when it has failed."""
    said: dict[str, Any] = {}
    if step.back is not None:
        said["on_failure"] = {"go_back_to": step.back.to, "at_most": step.back.at_most}
    if step.goes_on:
        said["on_failure"] = "continue"
    if step.when is not None:
        said["when"] = "1 < 2" if step.when else "1 > 2"
    if step.items:
        said["foreach"] = [f"item{number}" for number in range(1, step.items + 1)]
    return said


def _name(step: Step) -> str:
    """What the files of its effects are called; each item has its own."""
    return f"{step.id}.{{{{ item }}}}" if step.items else step.id


def _program(folder: Path, name: str, seconds: float, outcomes: Sequence[str]) -> list[str]:
    quick = [sys.executable, "-I", "-S", effect.__file__]
    return [*quick, str(folder), name, str(seconds), *outcomes]
