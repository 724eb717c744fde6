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
SKIPPED = Round(status="skipped", attempts=0)


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
    game = _Game(plan)
    while (step := game.next()) is not None and game.play(step):
        pass
    return game.fate()


class _Game:
    """A plan that is played."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._fates = {step.id: StepFate() for step in plan.steps}
        self._done: set[str] = set()
        self._failed: set[str] = set()
        """Of these: those that failed though the plan goes on, and those that were skipped because of it."""
        self._red: set[str] = set()
        self._sent: Counter[str] = Counter()

    def next(self) -> Step | None:
        """The first step that may be done."""
        ready = (
            step
            for step in self._plan.steps
            if step.id not in self._done and set(step.needs) <= self._done
        )
        return next(ready, None)

    def play(self, step: Step) -> bool:
        """Do a step; says whether the plan goes on."""
        fate = self._fates[step.id]
        if step.when is False:
            fate.rounds.append(SKIPPED)
            self._done.add(step.id)
            return True
        fate.rounds.append(_round_of(step, fate))
        if fate.rounds[-1].status == "completed":
            self._done.add(step.id)
            return True
        if step.goes_on:
            self._go_on_without(step)
            return True
        _loosen(self._plan, step, self._fates)
        return self._send_back(step)

    def fate(self) -> Fate:
        """What has become of it."""
        for fate in self._fates.values():
            if len(fate.rounds) < fate.fewest_rounds:
                fate.rounds.append(UNTOUCHED)
        is_done = len(self._done) == len(self._plan.steps) and not self._red
        status = "completed" if is_done else "failed"
        return Fate(status=status, steps=self._fates, sent_back=self._sent.total())

    def _go_on_without(self, failed: Step) -> None:
        """What needs it is skipped, and what needs that, unless it says itself when it is done."""
        last = sum(one.attempts for one in self._fates[failed.id].rounds) - 1
        if failed.comes_to(last) is Comes.RED:
            self._red.add(failed.id)
        self._done.add(failed.id)
        self._failed.add(failed.id)
        self._skip_what_needs_failures()

    def _skip_what_needs_failures(self) -> None:
        for step in self._plan.steps:
            if step.id in self._done or step.when is not None or not self._failed & set(step.needs):
                continue
            self._fates[step.id].rounds.append(SKIPPED)
            self._done.add(step.id)
            self._failed.add(step.id)

    def _send_back(self, failed: Step) -> bool:
        back = failed.back
        if back is None or self._sent[failed.id] >= back.at_most:
            return False
        self._sent[failed.id] += 1
        again = {failed.id, back.to} | self._plan.below(failed.id) | self._plan.below(back.to)
        bound = _bound_to(self._plan, failed)
        for key in again:
            was_done = key in self._done or key == failed.id
            self._fates[key].fewest_rounds += was_done and key in bound
            self._fates[key].most_rounds += was_done or key not in bound
        for settled in (self._done, self._failed, self._red):
            settled.difference_update(again)
        self._skip_what_needs_failures()
        return True


def _round_of(step: Step, fate: StepFate) -> Round:
    """A foreach is tried once a round; its items are tried again."""
    if step.items:
        return Round(status="completed", attempts=1)
    return play_round(step, sum(one.attempts for one in fate.rounds))


def _bound_to(plan: Plan, step: Step) -> set[str]:
    return {step.id} | plan.above(step.id) | plan.below(step.id)


def _loosen(plan: Plan, failed: Step, fates: dict[str, StepFate]) -> None:
    """Nobody can say how far the steps beside it were when a step failed."""
    bound = _bound_to(plan, failed)
    for step in plan.steps:
        fates[step.id].is_loose |= step.id not in bound
