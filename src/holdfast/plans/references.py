"""What a plan's expressions name, checked before it starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import meta, nodes

from holdfast.errors import PlanError
from holdfast.plans.expressions import GLOBALS, RENDERED, as_expression, has_expression, parsed
from holdfast.plans.reading import nearest
from holdfast.plans.spec import Plan, Step, as_json
from holdfast.plans.yaml_text import Keys, YamlText

OF_A_STEP = ("outputs", "result", "status")
_OF_ANY_STEP = ("inputs", "steps", "findings")
_OF_AN_ITEM = ("item", "index")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Scope:
    """What an expression at one place may name."""

    names: tuple[str, ...]
    inputs: frozenset[str]
    needed: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()


def check_references(plan: Plan, text: YamlText) -> None:
    """Check that every expression names something that is there when it is evaluated.

    Raises:
        PlanError: one does not, or is not well formed.
    """
    inputs, every = frozenset(plan.inputs), frozenset(step.id for step in plan.steps)
    _check(plan.env, ("env",), _Scope(names=("inputs",), inputs=inputs), text)
    for number, condition in enumerate(plan.checklist):
        scope = _Scope(names=("inputs",), inputs=inputs)
        _check(condition.command, ("checklist", number, "command"), scope, text)
    needs: dict[str, frozenset[str]] = {}
    for number, step in enumerate(plan.steps):
        needs[step.id] = frozenset(step.needs).union(*(needs[one] for one in step.needs))
        scope = _Scope(names=_OF_ANY_STEP, inputs=inputs, needed=needs[step.id], steps=every)
        _check_step(step, ("steps", number), scope, text)


def _check_step(step: Step, keys: Keys, scope: _Scope, text: YamlText) -> None:
    if isinstance(step.foreach, str):
        _check_text(as_expression(step.foreach), (*keys, "foreach"), scope, text)
    elif step.foreach is not None:
        _check(step.foreach, (*keys, "foreach"), scope, text)
    if step.when is not None:
        _check_text(as_expression(step.when), (*keys, "when"), scope, text)
    if step.foreach is not None:
        scope = dataclasses.replace(scope, names=(*scope.names, *_OF_AN_ITEM))
    told = as_json(step)
    for field in RENDERED:
        _check(told.get(field), (*keys, field), scope, text)


def _check(value: Any, keys: Keys, scope: _Scope, text: YamlText) -> None:
    match value:
        case str() if has_expression(value):
            _check_text(value, keys, scope, text)
        case Mapping():
            for key, one in value.items():
                _check(one, (*keys, key), scope, text)
        case list() | tuple():
            for number, one in enumerate(value):
                _check(one, (*keys, number), scope, text)


def _check_text(value: str, keys: Keys, scope: _Scope, text: YamlText) -> None:
    try:
        tree = parsed(value)
    except PlanError as error:
        raise text.error(keys, error.message, hint=error.hint) from None
    for owner, name in _attributes(tree):
        _check_attribute(owner, name, keys, scope, text)
    for name in sorted(meta.find_undeclared_variables(tree)):
        if name not in (*scope.names, *GLOBALS):
            told = f"the expression names {name}, which is not there."
            raise text.error(keys, told, hint=nearest(name, scope.names))


def _check_attribute(owner: str, name: str, keys: Keys, scope: _Scope, text: YamlText) -> None:
    match owner:
        case "inputs" if name not in scope.inputs:
            told = f"the expression names inputs.{name}, which the plan has not."
            raise text.error(keys, told, hint=nearest(name, sorted(scope.inputs)))
        case "steps" if name not in scope.needed:
            told = f"the expression names the step {name}, which is not among its needs."
            raise text.error(keys, told, hint=_hint_for_step(name, scope))
        case "a step" if name not in OF_A_STEP:
            told = f"a step has no {name}."
            raise text.error(keys, told, hint=nearest(name, OF_A_STEP))


def _hint_for_step(name: str, scope: _Scope) -> str:
    if name in scope.steps:
        return f"Add {name} to its needs."
    dashed = [one for one in sorted(scope.steps) if one.startswith((f"{name}-", f"{name}."))]
    # In an expression a dash is a minus.
    return f"Write steps['{dashed[0]}']." if dashed else nearest(name, sorted(scope.needed))


def _attributes(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    """Each name that is taken of `inputs`, of `steps`, and of a step."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        name, owner = _named(node)
        if name is None:
            continue
        if isinstance(owner, nodes.Name) and owner.name in ("inputs", "steps"):
            yield owner.name, name
        step, above = _named(owner)
        if step is not None and isinstance(above, nodes.Name) and above.name == "steps":
            yield "a step", name


def _named(node: nodes.Node | None) -> tuple[str | None, nodes.Node | None]:
    """The name that is taken of something, where it stands there, and of what."""
    match node:
        case nodes.Getattr():
            return node.attr, node.node
        case nodes.Getitem(arg=nodes.Const(value=str(name))):
            return name, node.node
    return None, None
