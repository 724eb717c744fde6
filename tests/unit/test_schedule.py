"""What a plan will do and when, before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holdfast.plans.loading import load_plan, parse_plan
from holdfast.plans.schedule import Schedule, schedule

WORK = {"command": ["true"]}


def scheduled(
    *steps: dict[str, Any], usual: dict[str, float] | None = None, **more: Any
) -> Schedule:
    plan = parse_plan({"name": "p", "steps": [{**WORK, **step} for step in steps], **more})
    return schedule(plan, usual or {})


def test_a_role_s_own_limits_hold_where_the_plan_has_none(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        "name: p\nroles: {mine: {prompt: p, max_parallel: 2, timeout: 5m}}\nlimits: {roles: {mine: 3}}\n"
        "steps:\n- {id: a, role: deployer, command: ['true']}\n- {id: b, role: mine, command: ['true'], timeout: 1m}\n"
        "- {id: c, role: mine, command: ['true']}\n"
    )
    plan = load_plan(file)
    assert plan.limits.roles == {"deployer": 1, "mine": 3}
    assert [step.timeout_seconds for step in plan.steps] == [None, 60, 300]


def waves(found: Schedule) -> dict[str, int]:
    return {turn.step.id: turn.wave for turn in found.turns}


def test_what_needs_nothing_of_each_other_runs_beside_each_other() -> None:
    found = scheduled(
        {"id": "a"}, {"id": "b", "needs": ["a"]}, {"id": "c", "needs": ["a"]}, {"id": "d"},
        {"id": "e", "needs": ["b", "d"]},
    )  # fmt: skip
    assert waves(found) == {"a": 1, "d": 1, "b": 2, "c": 2, "e": 3}
    assert (found.at_once, list(found.longest)) == (2, ["a", "b", "e"])
    assert found.usual_seconds is None


def test_limits_of_the_plan_of_roles_and_of_agents_put_steps_off() -> None:
    three = [{"id": one, "role": "deployer"} for one in "abc"]
    one = {"roles": {"deployer": 1}}
    assert waves(scheduled(*three, limits=one)) == {"a": 1, "b": 2, "c": 3}
    free = [{"id": one} for one in "abcd"]
    assert waves(scheduled(*free, max_parallel=3)) == {"a": 1, "b": 1, "c": 1, "d": 2}
    limits = {"agents": {"command": 2}}
    assert waves(scheduled(*free, limits=limits)) == {"a": 1, "b": 1, "c": 2, "d": 2}
    alone = scheduled(free[0], {"id": "b", "parallel": False}, free[2])
    assert waves(alone) == {"a": 1, "c": 1, "b": 2}


def test_the_time_of_the_whole_is_that_of_its_longest_way() -> None:
    usual = {"a": 10.0, "b": 5.0, "c": 60.0, "e": 1.0}
    found = scheduled(
        {"id": "a"}, {"id": "b", "needs": ["a"]}, {"id": "c", "needs": ["a"]},
        {"id": "gate", "needs": ["b", "c"], "command": [], "gate": {"message": "?"}},
        {"id": "e", "needs": ["gate"]}, usual=usual,
    )  # fmt: skip
    assert found.usual_seconds == 71
    assert list(found.longest) == ["a", "c", "gate", "e"]


def test_a_step_for_each_item_takes_as_many_turns_as_its_limit_says() -> None:
    each = {"id": "a", "foreach": "inputs.tables", "max_parallel": 2}
    after = {"id": "b", "needs": ["a"]}
    found = scheduled(each, after, usual={"a": 10.0, "b": 1.0}, inputs={"tables": ["x", "y", "z"]})
    assert found.turns[0].times == 3
    assert found.usual_seconds == 21

    unknown = scheduled(
        {"id": "l"}, {**each, "needs": ["l"], "foreach": "steps.l.outputs.tables"},
        usual={"l": 1.0, "a": 10.0},
    )  # fmt: skip
    assert unknown.turns[1].times is None
    assert unknown.usual_seconds is None
