"""Plans from files and from Python; what is wrong with one is told before anything is started."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from holdfast.plans.checking import check_plan
from holdfast.plans.reading import Reader
from holdfast.plans.references import check_references
from holdfast.plans.role_files import with_roles
from holdfast.plans.spec import Plan, as_json
from holdfast.plans.yaml_text import YamlText, read_yaml


def load_plan(file: Path) -> Plan:
    """Read a plan file.

    Raises:
        PlanError: it cannot be read, or says something that is no plan; nothing was started.
    """
    text = read_yaml(file)
    return with_roles(_plan_of(text), file.parent, text)


def parse_plan(read: Any, source: str = "plan") -> Plan:
    """A plan from what a YAML file gives.

    >>> parse_plan({"name": "tidy", "steps": [{"id": "a", "title": "A", "command": ["true"]}]}).steps[0].agent
    'command'
    """
    return _plan_of(YamlText(name=source, value=read))


def checked(plan: Plan, cwd: Path) -> Plan:
    """A plan that was made in Python, checked like a file, with the roles that its steps name."""
    text = YamlText(name=f"the plan {plan.name}", value=as_json(plan))
    return with_roles(_plan_of(text), cwd, text)


def _plan_of(text: YamlText) -> Plan:
    plan: Plan = Reader(text).read(Plan, text.value)
    plan = dataclasses.replace(
        plan,
        steps=tuple(dataclasses.replace(one, title=one.title or one.id) for one in plan.steps),
        checklist=tuple(
            dataclasses.replace(one, title=one.title or one.id) for one in plan.checklist
        ),
    )
    check_plan(plan, text)
    check_references(plan, text)
    return plan
