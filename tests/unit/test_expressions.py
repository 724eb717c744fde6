"""Expressions in a plan's texts: what they give, what they refuse, and what is refused before a plan starts."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import PlanError
from holdfast.plans.expressions import holds, items, render
from holdfast.plans.loading import parse_plan

CONTEXT: dict[str, Any] = {
    "inputs": {"n": 1, "tables": ["a", "b"], "told": {"items": [1, 2]}, "name": "x; rm -rf /"},
    "steps": {
        "my-step": {"outputs": {"values": [3], "text": "{{ inputs.n }}"}, "status": "failed"}
    },
}
FIRST = {"id": "a-b", "command": ["true"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ inputs.n }}", 1),
        (" {{- inputs.n -}} ", 1),
        ("{{ -inputs.n }}", -1),
        ("{{ inputs.n }}\n", "1\n"),
        ("{{ inputs.n }}{{ inputs.n }}", "11"),
        ("all of {{ inputs.tables }}", 'all of ["a", "b"]'),
        ("{{ inputs.tables | map('upper') }}", ["A", "B"]),
        ("{{ inputs.told.items }}", [1, 2]),
        ("{{ steps['my-step'].outputs.values }}", [3]),
        ("{{ steps['my-step'].outputs.text }}", "{{ inputs.n }}"),
        ("{% for t in inputs.tables %}{{ t }} {% endfor %}", "a b "),
        ("echo {{ inputs.name | quote }}", "echo 'x; rm -rf /'"),
        ("echo ${#names[@]} {{ inputs.n }}", "echo ${#names[@]} 1"),
        ("{{ '{{' }}", "{{"),
        ("no expression\n", "no expression\n"),
        ({"k": ["{{ inputs.n }}", None, True]}, {"k": [1, None, True]}),
    ],
)
def test_a_text_is_rendered_and_one_expression_keeps_its_type(text: Any, value: Any) -> None:
    assert render(text, CONTEXT) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ inputs.m }}", "has no attribute 'm'"),
        ("n = {{ inputs.m }}", "has no attribute 'm'"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ inputs.n + 'a' }}", "TypeError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ inputs.told.update({'a': 1}) }}", "unsafe"),
        ("{{ range(10 ** 9) | list }}", "Range too big"),
        ("{{ inputs.n", "not well formed"),
        ("{{ .Names }}", "not well formed"),
    ],
)
def test_what_cannot_be_evaluated_is_one_clear_error(text: str, told: str) -> None:
    with pytest.raises(PlanError, match=told) as caught:
        render(text, CONTEXT)
    assert text[:8] in caught.value.message


def test_conditions_and_items_may_leave_their_braces_out() -> None:
    assert holds("inputs.n == 1 and steps['my-step'].status == 'failed'", CONTEXT)
    assert not holds("{{ inputs.n > 1 }}", CONTEXT)
    assert items("inputs.tables", CONTEXT) == ["a", "b"]
    assert items(["{{ inputs.n }}", "b"], CONTEXT) == [1, "b"]
    with pytest.raises(PlanError, match="no list"):
        items("inputs.n", CONTEXT)


@pytest.mark.parametrize(
    ("step", "told", "hint"),
    [
        ({"prompt": "{{ steps['a-b'].outputs.x }}", "needs": []}, "not among its needs", "Add a-b to its needs."),
        ({"prompt": "{{ steps.a-b.outputs.x }}"}, "names the step a,", "Write steps['a-b']."),
        ({"prompt": "{{ steps['a-b'].output }}"}, "a step has no output", "Did you mean outputs?"),
        ({"prompt": "{{ inputs.reigon }}"}, "names inputs.reigon", "Did you mean region?"),
        ({"prompt": "{{ item }}"}, "names item, which", "Known here: inputs, steps, findings."),
        ({"when": "inputs.region == "}, "not well formed", None),
        ({"foreach": "inptus.region"}, "names inptus", "Did you mean inputs?"),
        ({"verify": {"command": ["{{ x }}"]}}, "steps[1] (b).verify.command[0]: the expression names x", None),
    ],
)  # fmt: skip
def test_an_expression_that_names_what_is_not_there_is_refused_before_the_plan_starts(
    step: dict[str, Any], told: str, hint: str | None
) -> None:
    second = {"id": "b", "needs": ["a-b"], "agent": "claude", "prompt": "go", **step}
    with pytest.raises(PlanError) as caught:
        parse_plan({"name": "p", "inputs": {"region": "eu"}, "steps": [FIRST, second]})
    assert told in caught.value.message
    if hint:
        assert caught.value.hint == hint


def test_what_an_expression_names_may_stand_anywhere_before_it() -> None:
    plan = parse_plan(
        {
            "name": "p",
            "inputs": {"tables": ["a"]},
            "steps": [
                FIRST,
                {"id": "b", "needs": ["a-b"], "command": ["true"]},
                {
                    "id": "c",
                    "needs": ["b"],
                    "foreach": "inputs.tables",
                    "command": ["{{ item }}", "{{ index }}", "{{ steps['a-b'].result }}"],
                    "when": "steps.b.status == 'completed'",
                },
            ],
        }
    )
    assert plan.steps[2].foreach == "inputs.tables"
