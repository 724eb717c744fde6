"""The roles of a plan: its own, those of its folder, and the shipped ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from holdfast.agents.holding import wrong_with_role
from holdfast.agents.roles import Role, find_role, role_names
from holdfast.errors import ConfigError
from holdfast.model.kinds import PROGRAMS
from holdfast.plans.reading import Reader, nearest
from holdfast.plans.spec import Plan, Step
from holdfast.plans.yaml_text import YamlText, parse_yaml, read_yaml

FOLDER = Path(".holdfast/roles")


def with_roles(plan: Plan, folder: Path, text: YamlText) -> Plan:
    """The plan with every role that its steps name, and with the roles' limits, so that it needs no file any more.

    Raises:
        PlanError: a step of an agent program names a role that is not there, or to which it cannot be held.
    """
    roles = dict(plan.roles)
    for number, step in enumerate(plan.steps):
        if step.role is None or step.role in roles:
            continue
        found = find(step.role, folder)
        if found is not None:
            roles[step.role] = found
        elif step.agent in PROGRAMS:
            known = sorted(
                {
                    *plan.roles,
                    *shipped(),
                    *(r.name for r in _of_folder(folder)),
                    *role_names(folder),
                }
            )
            told = f"There is no role {step.role}."
            hint = f"{nearest(step.role, known)} Or write {FOLDER}/{step.role}.yaml."
            raise text.error(("steps", number, "role"), told, hint=hint)
    for number, step in enumerate(plan.steps):
        if wrong := wrong_with_role(step.agent, roles.get(step.role or "")):
            told, hint = wrong
            raise text.error(("steps", number, "agent"), told, hint=hint)
    steps = tuple(_limited(step, roles) for step in plan.steps)
    limits = dataclasses.replace(plan.limits, roles=_limits(plan, roles))
    return dataclasses.replace(plan, steps=steps, roles=roles, limits=limits)


def _limited(step: Step, roles: Mapping[str, Role]) -> Step:
    role = roles.get(step.role or "")
    if step.timeout_seconds is not None or role is None:
        return step
    return dataclasses.replace(step, timeout_seconds=role.timeout_seconds)


def _limits(plan: Plan, roles: Mapping[str, Role]) -> dict[str, int]:
    """The plan's limits, and those of the roles where it has none."""
    of_roles = {name: role.max_parallel for name, role in roles.items() if role.max_parallel}
    return {**of_roles, **plan.limits.roles}


def find(name: str, folder: Path) -> Role | None:
    """The role of that name that holds for a folder: of YAML, of Markdown, or shipped."""
    for role in _of_folder(folder):
        if role.name == name:
            return role
    try:
        return find_role(name, folder)
    except ConfigError:
        return shipped().get(name)


def shipped() -> dict[str, Role]:
    """The roles that come with Holdfast."""
    files = (
        file
        for file in resources.files("holdfast.plans").joinpath("roles").iterdir()
        if file.name.endswith(".yaml")
    )
    roles = [
        _read(parse_yaml(file.read_text(encoding="utf-8"), file.name), file.name) for file in files
    ]
    return {role.name: role for role in sorted(roles, key=lambda role: role.name)}


def _of_folder(folder: Path) -> Iterator[Role]:
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        for file in sorted((place / FOLDER).glob("*.yaml")):
            yield _read(read_yaml(file), file.name)


def _read(text: YamlText, file: str) -> Role:
    value: Any = text.value
    if isinstance(value, dict):
        value = {"name": Path(file).stem, **value}
    role: Role = Reader(text).read(Role, value)
    return role
