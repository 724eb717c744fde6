"""Reading plan files; errors name the file, the place in it, and the nearest known key."""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from holdfast.agents.roles import find_role
from holdfast.errors import ConfigError, PlanError
from holdfast.model.kinds import PROGRAMS
from holdfast.plans.spec import Plan, Step

# As the database has them: what it would refuse is told here with its place in the file.
MOST_NAME_CHARACTERS = 200
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def load_plan(file: Path) -> Plan:
    """Read a plan file.

    Raises:
        PlanError: it cannot be read, or says something that is no plan; nothing was started.
    """
    try:
        read = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            f"{file} cannot be read: {error}", hint="Name an existing YAML file."
        ) from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f" line {place.line + 1}" if place else ""
        raise PlanError(
            f"{file}{line}: this is not YAML: {getattr(error, 'problem', error)}."
        ) from error
    plan = parse_plan(read, str(file))
    for number, step in enumerate(plan.steps):
        if step.agent in PROGRAMS and step.role:
            _check_role(step.role, file.parent, f"{file}: steps[{number}] ({step.id})")
    return plan


def _check_role(name: str, folder: Path, place: str) -> None:
    try:
        find_role(name, folder)
    except ConfigError as error:
        raise PlanError(f"{place}.role: {error.message}", hint=error.hint) from None


def parse_plan(read: Any, source: str = "plan") -> Plan:
    """A plan from what a YAML file gives.

    >>> parse_plan({"name": "tidy", "steps": [{"id": "a", "title": "A", "command": ["true"]}]}).steps[0].agent
    'command'
    """
    plan: Plan = _parse(Plan, read, source)
    if not 1 <= len(plan.name) <= MOST_NAME_CHARACTERS:
        raise PlanError(
            f"{source}: name has {len(plan.name)} characters.",
            hint=f"Give it 1 to {MOST_NAME_CHARACTERS}.",
        )
    if not plan.steps:
        raise PlanError(f"{source}: steps is empty.", hint="A plan has at least one step.")
    _check_ids(plan, source)
    for number, step in enumerate(plan.steps):
        _check_step(
            step, f"{source}: steps[{number}] ({step.id})", [s.id for s in plan.steps[:number]]
        )
    return plan


def _check_ids(plan: Plan, source: str) -> None:
    seen: set[str] = set()
    for number, step in enumerate(plan.steps):
        if not _ID.fullmatch(step.id):
            raise PlanError(
                f"{source}: steps[{number}].id = {step.id!r:.100} is no id.",
                hint="Begin with a letter or digit; then letters, digits, dots, dashes and underscores, at most 63.",
            )
        if step.id in seen:
            raise PlanError(
                f"{source}: two steps have the id {step.id}.", hint="Give each its own."
            )
        seen.add(step.id)


def _check_step(step: Step, place: str, before: list[str]) -> None:
    for named, ids in (
        ("needs", step.needs),
        ("on_failure.to", (step.on_failure.to,) if step.on_failure else ()),
    ):
        for one in ids:
            if one not in before:
                raise PlanError(
                    f"{place}.{named}: {one} is no step before this one.", hint=_near(one, before)
                )
    if step.agent == "command" and not (step.command or step.gate or step.verify):
        raise PlanError(
            f"{place}: there is nothing to do.",
            hint="Give it a command, a gate or a verify, or name another agent.",
        )
    if step.agent in PROGRAMS and not step.prompt:
        raise PlanError(f"{place}.prompt is missing.", hint=f"Say what {step.agent} is to do.")
    if step.agent not in PROGRAMS and (step.prompt or step.model):
        raise PlanError(
            f"{place}: {step.agent} takes no prompt and no model.",
            hint=f"Name an agent program: {', '.join(PROGRAMS)}.",
        )
    if step.verify is not None and not step.verify.command:
        raise PlanError(f"{place}.verify.command is empty.")
    if step.gate is not None and not set(step.gate.approve) <= set(step.gate.options):
        raise PlanError(
            f"{place}.gate.approve = {list(step.gate.approve)} is not among its options {list(step.gate.options)}."
        )


def _parse(kind: Any, value: Any, place: str) -> Any:
    """A value as its annotation wants it."""
    if dataclasses.is_dataclass(kind):
        return _parse_fields(kind, value, place)
    arguments = typing.get_args(kind)
    match typing.get_origin(kind):
        case types.UnionType:
            return None if value is None else _parse(arguments[0], value, place)
        case _ if kind is Any:
            return value
        case origin if origin is tuple:
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise _wrong(place, value, "a list")
            return tuple(
                _parse(arguments[0], item, f"{place}[{i}]") for i, item in enumerate(value)
            )
        case origin if origin is dict:
            if not isinstance(value, Mapping):
                raise _wrong(place, value, "a mapping")
            return {str(k): _parse(arguments[1], item, f"{place}.{k}") for k, item in value.items()}
    return _parse_scalar(kind, value, place)


_SCALARS = {str: "a text", int: "a whole number", float: "a number"}


def _parse_scalar(kind: Any, value: Any, place: str) -> Any:
    """A text or a number; YAML reads `1` as a number where a text is meant, which is forgiven."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in (str, float) and is_number:
        return kind(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _wrong(place, value, _SCALARS[kind])
    return value


def _parse_fields(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(place, value, "a mapping")
    hints = typing.get_type_hints(kind)
    for key in value:
        if key not in hints:
            raise PlanError(f"{place}: {key} is not a key here.", hint=_near(str(key), list(hints)))
    parsed = {
        key: _parse(hints[key], item, f"{place}.{key}" if place else key)
        for key, item in value.items()
    }
    if "title" in hints and "id" in parsed:
        parsed.setdefault("title", parsed["id"])
    for field in dataclasses.fields(kind):
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and field.name not in parsed:
            raise PlanError(
                f"{place}: {field.name} is missing.", hint=f"Known keys: {', '.join(hints)}."
            )
    return kind(**parsed)


def _wrong(place: str, value: Any, expected: str) -> PlanError:
    return PlanError(f"{place} = {value!r:.100} is not {expected}.")


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known) or 'none'}."
