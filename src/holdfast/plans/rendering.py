"""A step's texts with the values that they name, read when the step begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeAlias

from jinja2 import nodes

from holdfast.plans.expressions import RENDERED, as_expression, has_expression, parsed, render

ReadOutputs: TypeAlias = Callable[[list[str]], Awaitable[list[Any]]]
"""What gives `step_key`, `status` and `result` of the steps of these names."""


async def context_of(plan: Any, deed: Any, read: ReadOutputs) -> dict[str, Any]:
    """The values that a step's expressions may name; of the steps before it only those that they do name."""
    spec = deed["spec"]
    named = sorted(set(_steps_named(spec)))
    context: dict[str, Any] = {
        "inputs": plan["spec"].get("inputs", {}),
        "steps": {row["step_key"]: _given_by(row) for row in await read(named)} if named else {},
        "findings": deed["findings"],
    }
    if "of" in spec:
        context |= {"item": spec["item"], "index": spec["index"]}
    return context


def rendered(spec: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """A step's spec with its texts rendered. Of a `foreach` only its gate: the rest is of its items.

    Raises:
        PlanError: an expression cannot be evaluated.
    """
    fields = ("gate",) if "foreach" in spec else RENDERED
    return {
        **spec,
        **{field: render(spec[field], context) for field in fields if field in spec},
    }


def with_environment(plan: Any) -> dict[str, Any]:
    """A plan whose environment has its inputs' values."""
    spec = plan["spec"]
    context = {"inputs": spec.get("inputs", {})}
    env = {name: str(value) for name, value in render(spec.get("env", {}), context).items()}
    return {**plan, "spec": {**spec, "env": env}}


def _given_by(row: Any) -> dict[str, Any]:
    result = row["result"]
    outputs = result if isinstance(result, dict | list) else {}
    return {"outputs": outputs, "result": result, "status": row["status"]}


def _steps_named(value: Any, *, is_expression: bool = False) -> Iterator[str]:
    match value:
        case str() if is_expression or has_expression(value):
            yield from _names_in(parsed(as_expression(value)))
        case Mapping():
            for key, one in value.items():
                yield from _steps_named(one, is_expression=key in ("when", "foreach"))
        case list():
            for one in value:
                yield from _steps_named(one)


def _names_in(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=nodes.Name(name="steps"), attr=name):
                yield name
            case nodes.Getitem(node=nodes.Name(name="steps"), arg=nodes.Const(value=str(name))):
                yield name
