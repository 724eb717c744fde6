"""What a plan will do and when, as far as that can be known before it starts."""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.errors import PlanError
from holdfast.plans.expressions import items
from holdfast.plans.spec import PERSON, Plan, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """One step at its place in the schedule."""

    step: Step
    wave: int
    """Steps of one wave run beside each other, where each takes as long as the others."""
    times: int | None
    """How often its work is done; unknown before the plan runs: none."""
    usual_seconds: float | None
    """How long it takes, as far as that is known from such steps before."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """All steps in the order in which they start."""

    turns: Sequence[Turn]
    at_once: int
    """How many run beside each other at most."""
    longest: Sequence[str]
    """The steps that the end of the plan waits for, each for the one before it."""
    usual_seconds: float | None
    """How long the whole takes without the time that people take; unknown unless every step's is."""


def schedule(plan: Plan, usual_seconds: Mapping[str, float]) -> Schedule:
    """How a plan goes if every step succeeds the first time and every condition holds.

    Args:
        plan: the plan.
        usual_seconds: how long steps took before, by id.
    """
    times = {step.id: _times(plan, step) for step in plan.steps}
    even = _walk(plan, {step.id: float(_batches(step, times[step.id])) for step in plan.steps})
    known = {step.id: _seconds(step, times[step.id], usual_seconds) for step in plan.steps}
    lengths = {step: seconds for step, seconds in known.items() if seconds is not None}
    timed = _walk(plan, lengths) if len(lengths) == len(plan.steps) else None
    waves = {start: n for n, start in enumerate(sorted(set(even.starts.values())), 1)}
    order = sorted(plan.steps, key=lambda step: even.starts[step.id])
    return Schedule(
        turns=[
            Turn(
                step=step,
                wave=waves[even.starts[step.id]],
                times=times[step.id],
                usual_seconds=known[step.id],
            )
            for step in order
        ],
        at_once=even.most,
        longest=(timed or even).longest(plan),
        usual_seconds=timed.end if timed else None,
    )


def _times(plan: Plan, step: Step) -> int | None:
    if step.foreach is None:
        return 1
    try:
        return len(items(step.foreach, {"inputs": plan.inputs}))
    except PlanError:  # it is known only when the steps before it have run
        return None


def _batches(step: Step, times: int | None) -> int:
    if not times:
        return 1
    return math.ceil(times / (step.max_parallel or times))


def _seconds(step: Step, times: int | None, usual: Mapping[str, float]) -> float | None:
    if step.agent == PERSON or not (step.command or step.prompt or step.verify):
        return usual.get(step.id, 0.0)
    if step.id not in usual or times is None:
        return None
    return usual[step.id] * _batches(step, times)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Walk:
    starts: Mapping[str, float]
    ends: Mapping[str, float]
    most: int

    @property
    def end(self) -> float:
        return max(self.ends.values())

    def longest(self, plan: Plan) -> list[str]:
        """From the step that ends last, back over what each waited for last."""
        needs = {step.id: step.needs for step in plan.steps}
        path = [max(reversed(list(self.ends)), key=lambda step: self.ends[step])]
        while needs[path[-1]]:
            path.append(max(needs[path[-1]], key=lambda step: self.ends[step]))
        return path[::-1]


def _walk(plan: Plan, lengths: Mapping[str, float]) -> _Walk:
    """Start each step as early as its needs and the limits let it, in the file's order."""
    starts: dict[str, float] = {}
    ends: dict[str, float] = {}
    under_way: list[tuple[float, str]] = []
    left, steps = list(plan.steps), {step.id: step for step in plan.steps}
    now, most = 0.0, 0
    while left or under_way:
        for step in [one for one in left if set(one.needs) <= ends.keys()]:
            if not _has_room(plan, step, [steps[one] for _, one in under_way]):
                continue
            left.remove(step)
            starts[step.id] = now
            heapq.heappush(under_way, (now + lengths[step.id], step.id))
        most = max(most, len(under_way))
        now, _ = under_way[0]
        while under_way and under_way[0][0] <= now:
            ends[heapq.heappop(under_way)[1]] = now
    return _Walk(starts=starts, ends=ends, most=most)


def _has_room(plan: Plan, step: Step, under_way: Sequence[Step]) -> bool:
    if under_way and not (step.parallel and all(other.parallel for other in under_way)):
        return False
    roles = Counter(other.role for other in under_way)
    agents = Counter(other.agent for other in under_way)
    return (
        _is_below(len(under_way), plan.max_parallel)
        and _is_below(roles[step.role], plan.limits.roles.get(step.role or ""))
        and _is_below(agents[step.agent], plan.limits.agents.get(step.agent))
    )


def _is_below(count: int, most: Any) -> bool:
    return most is None or count < most
