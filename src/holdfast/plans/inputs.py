"""The values that a plan is started with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from holdfast.errors import PlanError
from holdfast.plans.reading import nearest
from holdfast.plans.spec import Plan


def with_inputs(plan: Plan, given: Mapping[str, Any]) -> Plan:
    """The plan with these values of its inputs.

    Raises:
        PlanError: it has no such input, or one that must be given is not.
    """
    for name in given:
        if name not in plan.inputs:
            raise PlanError(
                f"The plan {plan.name} has no input {name}.", hint=nearest(name, plan.inputs)
            )
    inputs = {**plan.inputs, **given}
    missing = [name for name, value in inputs.items() if value is None]
    if missing:
        raise PlanError(
            f"The plan {plan.name} must be given {', '.join(missing)}.",
            hint=f"Add: --input {missing[0]}=VALUE",
        )
    return dataclasses.replace(plan, inputs=inputs)


def read_inputs(told: Iterable[str]) -> dict[str, Any]:
    """Inputs as a person types them; a value is read as YAML.

    >>> read_inputs(["region=eu", "tables=[a, b]"])
    {'region': 'eu', 'tables': ['a', 'b']}
    """
    return dict(_read_input(one) for one in told)


def _read_input(told: str) -> tuple[str, Any]:
    name, sign, value = told.partition("=")
    if not sign or not name:
        raise PlanError(f"{told!r:.100} is no input.", hint="Write --input NAME=VALUE.")
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError:
        return name, value
    # A date, say, is a text in JSON.
    is_json = isinstance(read, str | int | float | bool | list | dict)
    return name, read if is_json else value
