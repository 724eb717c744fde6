"""Making plans up from a seed."""

from __future__ import annotations

import dataclasses
from random import Random

from tests.chaos.model import foretell
from tests.chaos.script import Back, Comes, Means, Plan, Rollback, Step

SHAPES = ("chain", "diamond", "wide", "web")
LONGEST_WORK_SECONDS = 0.3


def make_plan(rng: Random, name: str) -> Plan:
    """A plan of some shape, with troubles that its script foretells."""
    shape = rng.choice(SHAPES)
    steps = [_step(rng, key, needs) for key, needs in _skeleton(rng, shape).items()]
    plan = Plan(
        name=name, shape=shape, steps=tuple(steps), max_parallel=rng.choice([None, None, 1, 2])
    )
    for key in _troubled(rng, plan):
        changed = _trouble(rng, plan, plan.step(key))
        steps = [changed if step.id == key else step for step in plan.steps]
        plan = dataclasses.replace(plan, steps=tuple(steps))
    is_sent_back = any(step.back is not None for step in plan.steps)
    # A report that a send-back withdraws was answered or not, as chance would have it.
    mode = (
        "gates" if is_sent_back else rng.choice(["gates", "gates", "gates", "each_step", "report"])
    )
    # The shortest wait is over when a person answers.
    wait = rng.choice([0, 0.3, 60]) if mode == "report" else 0
    return dataclasses.replace(plan, mode=mode, report_wait=wait)


def make_plans(rng: Random, count: int) -> list[Plan]:
    """Plans of which some wait for others, for a person, or for a command."""
    made: list[Plan] = []
    for number in range(count):
        plan = make_plan(rng, f"plan-{number}")
        if rng.random() < 0.15:
            plan = _rolled_back(rng, plan)
        kinds = [kind for kind in ("command", "tick") if rng.random() < 0.15]
        if made and rng.random() < 0.15:
            kinds += _sure_steps(rng.choice(made))[:1]
        made.append(dataclasses.replace(plan, checklist=tuple(kinds)))
    return made


def _rolled_back(rng: Random, plan: Plan) -> Plan:
    """The same without troubles, and an operator who has some of it taken back and done again."""
    steps = tuple(
        dataclasses.replace(
            step,
            attempts=(),
            back=None,
            goes_on=False,
            items=0,
            when=step.when or None,
            undoes=step.is_run and rng.random() < 0.7,
        )
        for step in plan.steps
    )
    ids = [step.id for step in steps]
    rollback = Rollback(to=rng.choice(ids), after=rng.choice(ids))
    return dataclasses.replace(plan, steps=steps, mode="gates", report_wait=0, rollback=rollback)


def _sure_steps(plan: Plan) -> list[str]:
    """The steps that are completed whatever happens."""
    fates = foretell(plan).steps
    return [
        f"{plan.name}/{key}"
        for key, fate in fates.items()
        if not fate.is_loose and fate.rounds[-1].status == "completed"
    ]


def _skeleton(rng: Random, shape: str) -> dict[str, tuple[str, ...]]:
    """The steps' ids and what each needs."""
    match shape:
        case "chain":
            ids = _ids(rng.randint(2, 6))
            return {key: tuple(ids[max(n - 1, 0) : n]) for n, key in enumerate(ids)}
        case "diamond":
            first, *middle, last = _ids(rng.randint(4, 6))
            return {first: (), **dict.fromkeys(middle, (first,)), last: tuple(middle)}
        case "wide":
            *beside, last = _ids(rng.randint(4, 7))
            return {**dict.fromkeys(beside, ()), last: tuple(beside)}
        case _:
            ids = _ids(rng.randint(4, 7))
            return {
                key: tuple(sorted(rng.sample(ids[:n], rng.randint(0, min(n, 2)))))
                for n, key in enumerate(ids)
            }


def _ids(count: int) -> list[str]:
    return [f"s{number}" for number in range(1, count + 1)]


def _step(rng: Random, id: str, needs: tuple[str, ...]) -> Step:
    """A step that may stumble, though never more often than it is tried again."""
    means = rng.choices(list(Means), [10, 8, 1, 2])[0]
    gated = rng.random() < 0.2
    # What is done by hand is verified always.
    verified = (
        rng.random() < 0.35 or means is Means.PERSON or (means is Means.NOTHING and not gated)
    )
    step = Step(
        id=id,
        needs=needs,
        means=means,
        gated=gated,
        verified=verified,
        retries=rng.choice([0, 0, 1, 2]),
        seconds=round(rng.uniform(0, LONGEST_WORK_SECONDS), 2),
    )
    step = dataclasses.replace(step, when=rng.choices([None, True, False], [8, 2, 1])[0])
    if step.is_run and not gated and rng.random() < 0.15:
        step = dataclasses.replace(step, items=rng.randint(1, 4))
    if step.is_run and rng.random() < 0.2:
        step = dataclasses.replace(step, owes=True)
    stumbles = rng.randint(0, step.retries)
    return dataclasses.replace(step, attempts=_failures(rng, step, stumbles))


def _failures(rng: Random, step: Step, count: int) -> tuple[Comes, ...]:
    possible = []
    if step.means is not Means.NOTHING:
        possible += [Comes.FAILS] * 2
    if step.means is Means.PROGRAM:
        possible.append(Comes.KILLED)
    if step.owes:
        possible.append(Comes.MUTE)
    if step.gated:
        possible.append(Comes.REJECTED)
    if step.verified:
        possible += [Comes.RED] * 2
    return tuple(rng.choice(possible) for _ in range(count))


def _troubled(rng: Random, plan: Plan) -> list[str]:
    """None, one, or two steps of which one stands on the other: what parallel failures leave, nobody can foretell."""
    possible = {step.id for step in plan.steps if not step.items and step.when is not False}
    if not possible:
        return []
    first = rng.choice(sorted(possible))
    below = sorted(plan.below(first) & possible)
    second = [rng.choice(below)] if below and rng.random() < 0.3 else []
    return [first, *second] if rng.random() < 0.65 else []


def _trouble(rng: Random, plan: Plan, step: Step) -> Step:
    """The step fails for good, in one round or in more; it may send the plan back."""
    rounds = rng.randint(1, 2)
    above = sorted(plan.above(step.id))
    back = None
    if above and rng.random() < 0.75:
        back = Back(to=rng.choice(above), at_most=rng.randint(1, 2))
    failures = _failures(rng, step, rounds * (step.retries + 1))
    goes_on = back is None and rng.random() < 0.5
    return dataclasses.replace(step, attempts=failures, back=back, goes_on=goes_on)
