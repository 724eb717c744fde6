"""A short run of `make chaos`, and that what judges it sees what it must."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from tests.chaos import rollbacks
from tests.chaos.arena import arena
from tests.chaos.bout import fight
from tests.chaos.model import Round, foretell
from tests.chaos.schedule import make_bout
from tests.chaos.script import Back, Comes, Means, Plan, Rollback, Step
from tests.chaos.shapes import make_plans

SEED = 2026


@pytest.mark.timeout(600)
async def test_plans_end_as_foretold_whatever_is_killed_meanwhile() -> None:
    async with arena() as place, place.database() as database:
        bout = make_bout(SEED, 0, plans=6, workers=3, kills=6)
        verdict = await fight(bout, place.server, database)
        assert verdict.faults == [], "\n".join(
            [f"again: make chaos SEED={SEED} BOUT=0", *verdict.faults, *verdict.stories]
        )
        assert verdict.kills.total() >= 3


def test_a_seed_makes_the_same_plans_and_the_same_kills_each_time() -> None:
    first, again, other = (
        make_bout(seed, number, plans=6, workers=3, kills=6)
        for seed, number in [(SEED, 1), (SEED, 1), (SEED, 2)]
    )
    assert first == again
    assert first.plans != other.plans


def test_the_model_follows_a_plan_that_is_sent_back() -> None:
    write = Step(id="write", needs=(), means=Means.PROGRAM, retries=1, attempts=(Comes.FAILS,))
    review = Step(
        id="review",
        needs=("write",),
        means=Means.PROGRAM,
        attempts=(Comes.FAILS,),
        back=Back(to="write", at_most=1),
    )
    beside = Step(id="beside", needs=(), means=Means.PROGRAM)
    plan = Plan(name="p", shape="web", steps=(write, review, beside))

    fate = foretell(plan)

    assert (fate.status, fate.sent_back) == ("completed", 1)
    assert fate.steps["write"].rounds == [
        Round(status="completed", attempts=2),
        Round(status="completed", attempts=1),
    ]
    assert [one.status for one in fate.steps["review"].rounds] == ["failed", "completed"]
    assert (fate.steps["beside"].is_loose, fate.steps["beside"].most_rounds) == (True, 1)

    stubborn = dataclasses.replace(review, attempts=(Comes.FAILS, Comes.FAILS))
    assert foretell(dataclasses.replace(plan, steps=(write, stubborn, beside))).status == "failed"


def test_what_a_rollback_must_leave_behind_is_seen_to_be_missing() -> None:
    first = Step(id="first", needs=(), means=Means.PROGRAM, undoes=True)
    then = Step(id="then", needs=("first",), means=Means.PROGRAM, undoes=True)
    plan = Plan(
        name="p", shape="chain", steps=(first, then), rollback=Rollback(to="first", after="then")
    )
    rounds = [
        {"step_key": key, "round": number, "status": "completed", "attempt": 1,
         "execution_id": f"{key}#{number}", "ended_at": number * 10 + len(key)}
        for key in ("then", "first") for number in (1, 2)
    ]  # fmt: skip
    runs = [{"key": f"{row['step_key']}#{row['round']}.1/work"} for row in rounds]
    runs += [{"key": f"{key}#1/undo.1"} for key in ("first", "then")]
    undone = [{"type": "plan.step_undone", "step": key} for key in ("first", "then")]

    assert list(rollbacks.faults_of(plan, rounds, runs, undone)) == []
    [missing] = rollbacks.faults_of(plan, rounds, runs[:-1], undone)
    assert "first#1/undo.1" in missing
    [order] = rollbacks.faults_of(plan, rounds, runs, undone[::-1])
    assert order.startswith("it took back ['then', 'first']")
    assert list(rollbacks.faults_of(plan, rounds[:-1], runs, undone))
    assert list(rollbacks.faults_of(plan, rounds, [*runs, runs[0]], undone))


def test_made_up_plans_have_every_shape_trouble_and_end() -> None:
    rng = Random(SEED)
    plans = make_plans(rng, 300)
    fates = [foretell(plan) for plan in plans]

    assert {plan.shape for plan in plans} == {"chain", "diamond", "wide", "web"}
    assert {one for plan in plans for step in plan.steps for one in step.attempts} == set(Comes) - {
        Comes.FINE
    }
    assert {fate.status for fate in fates} == {"completed", "failed"}
    assert max(fate.sent_back for fate in fates) > 1
    assert {plan.mode for plan in plans} == {"gates", "each_step", "report"}
    assert {kind.partition("/")[0] for plan in plans for kind in plan.checklist} > {
        "tick",
        "command",
    }
    assert {step.means for plan in plans for step in plan.steps} == set(Means)
    assert sum(plan.rollback is not None for plan in plans) > 20
