"""What must come out of a made-up plan: worked out step by step over plain objects, without a database, a clock or a rival.

One step after the other is done here, in the plan's order. What then depends on which of two parallel steps was quicker
is called loose: it may have been done once, or more often, or not yet when the plan failed.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from tests.chaos.script import Comes, Plan, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Round:
    """One round of a step: how it ended, after how many attempts; `open` if it never began."""

    status: str
    attempts: int


@dataclasses.dataclass(kw_only=True)
class StepFate:
    """What becomes of one step."""

    rounds: list[Round] = dataclasses.field(default_factory=list)
    fewest_rounds: int = 1
    most_rounds: int = 1
    is_loose: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of a plan."""

    status: str
    steps: dict[str, StepFate]
    sent_back: int


UNTOUCHED = Round(status="open", attempts=0)


def play_round(step: Step, before: int) -> Round:
    """Try a step until it is done or may not be tried again; `before` attempts were made in earlier rounds."""
    attempts = 0
    while True:
        comes = step.comes_to(before + attempts)
        attempts += 1
        if comes is Comes.FINE:
            return Round(status="completed", attempts=attempts)
        if attempts > step.retries:
            return Round(status="failed", attempts=attempts)


def foretell(plan: Plan) -> Fate:
    """Play a plan."""
    fates = {step.id: StepFate() for step in plan.steps}
    done: set[str] = set()
    sent: Counter[str] = Counter()
    while (step := _next(plan, done)) is not None:
        fate = fates[step.id]
        fate.rounds.append(play_round(step, sum(one.attempts for one in fate.rounds)))
        if fate.rounds[-1].status == "completed":
            done.add(step.id)
            continue
        _loosen(plan, step, fates)
        if step.back is None or sent[step.id] >= step.back.at_most:
            break
        sent[step.id] += 1
        _send_back(plan, step, fates, done)
    for fate in fates.values():
        if len(fate.rounds) < fate.fewest_rounds:
            fate.rounds.append(UNTOUCHED)
    status = "completed" if len(done) == len(plan.steps) else "failed"
    return Fate(status=status, steps=fates, sent_back=sent.total())


def _next(plan: Plan, done: set[str]) -> Step | None:
    ready = (s for s in plan.steps if s.id not in done and set(s.needs) <= done)
    return next(ready, None)


def _loosen(plan: Plan, failed: Step, fates: dict[str, StepFate]) -> None:
    """Nobody can say how far the steps beside it were when a step failed."""
    bound = {failed.id} | plan.above(failed.id) | plan.below(failed.id)
    for step in plan.steps:
        fates[step.id].is_loose |= step.id not in bound


def _send_back(plan: Plan, failed: Step, fates: dict[str, StepFate], done: set[str]) -> None:
    assert failed.back is not None
    again = {failed.id, failed.back.to} | plan.below(failed.id) | plan.below(failed.back.to)
    bound = {failed.id} | plan.above(failed.id) | plan.below(failed.id)
    for key in again:
        was_done = key in done or key == failed.id
        fates[key].fewest_rounds += was_done and key in bound
        fates[key].most_rounds += was_done or key not in bound
    done -= again
