"""Comparing what a rollback left behind with what it had to: what was begun is taken back once, the last first, and done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.chaos.script import Plan, Step


def faults_of(
    plan: Plan, rounds: list[Any], executions: list[Any], moves: list[Any]
) -> Iterator[str]:
    """Everything about a plan without troubles, of which some was taken back, that is not as it must be."""
    assert plan.rollback is not None
    again = {plan.rollback.to} | plan.below(plan.rollback.to)
    runs = Counter(str(execution["key"]) for execution in executions)
    to_undo: list[Any] = []
    for step in plan.steps:
        found = [row for row in rounds if row["step_key"] == step.id]
        told = [(row["status"], row["attempt"]) for row in found]
        if found[-1]["status"] != "completed" or len(found) > 1 + (step.id in again):
            yield f"{step.id} went {told}, and was {'' if step.id in again else 'not '}taken back"
        yield from _run_faults(step, len(found), runs)
        to_undo += [row for row in found[:-1] if step.undoes and row["execution_id"] is not None]
    yield from _undo_faults(to_undo, runs, moves)


def _run_faults(step: Step, rounds: int, runs: Counter[str]) -> Iterator[str]:
    """Its last round has run once; the one before may have been interrupted."""
    kinds = ["work"] * step.is_run + ["verify"] * step.verified
    for kind in kinds:
        for number in range(1, rounds + 1):
            times = runs.pop(f"{step.id}#{number}.1/{kind}", 0)
            if times > 1 or (number == rounds and times != 1):
                yield f"the {kind} of {step.id} in round {number} ran {times} times"


def _undo_faults(to_undo: list[Any], runs: Counter[str], moves: list[Any]) -> Iterator[str]:
    wanted = Counter(f"{row['step_key']}#{row['round']}/undo.1" for row in to_undo)
    found = Counter({key: times for key, times in runs.items() if not key.startswith("checklist/")})
    if found != wanted:
        yield f"beside its steps it ran {dict(found)}, not {dict(wanted)}"
    undone = [move["step"] for move in moves if move["type"] == "plan.step_undone"]
    reverse = sorted(to_undo, key=lambda row: row["ended_at"], reverse=True)
    # What one interruption ended has ended at one moment.
    ended = {row["step_key"]: row["ended_at"] for row in reverse}
    if sorted(undone) != sorted(ended) or sorted(map(ended.__getitem__, undone), reverse=True) != [
        ended[key] for key in undone
    ]:
        yield f"it took back {undone}, not {[row['step_key'] for row in reverse]}"
