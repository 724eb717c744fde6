"""Writes plan.schema.json and plan-file.md from the dataclasses of a plan; run it after they have changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from holdfast.plans.schema import plan_schema

HERE = Path(__file__).parent


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"


def text() -> str:
    """The whole page."""
    schema = plan_schema()
    head, _, tail = (HERE / "plan-file-head.md").read_text().partition("<!-- the keys -->")
    shapes = [("Plan", schema), *_in_order(schema)]
    tables = [_table(name, shape, schema["$defs"]) for name, shape in shapes]
    return "\n\n".join([head.strip(), *tables, tail.strip()]) + "\n"


def _in_order(schema: Any) -> list[tuple[str, Any]]:
    """The other shapes, each after the one that first has it."""
    found: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for told in waiting.pop(0)["properties"].values():
            for name in _referred(told):
                if name not in found:
                    found[name] = schema["$defs"][name]
                    waiting.append(found[name])
    return list(found.items())


def _referred(told: Any) -> list[str]:
    if isinstance(told, dict):
        here = [told["$ref"].removeprefix("#/$defs/")] if "$ref" in told else []
        return here + [name for one in told.values() for name in _referred(one)]
    if isinstance(told, list):
        return [name for one in told for name in _referred(one)]
    return []


def _table(name: str, shape: Any, definitions: Any) -> str:
    rows = [
        f"| `{key}` | {_type(told)} | {_default(key, told, shape)} | {told['description']} |"
        for key, told in shape["properties"].items()
    ]
    head = "| key | type | default | meaning |\n|---|---|---|---|"
    return "\n".join([f"## {name}", shape["description"], "", head, *rows])


def _default(key: str, told: Any, shape: Any) -> str:
    if key in shape["required"]:
        return "needed"
    return f"`{json.dumps(told['default'])}`" if "default" in told else ""


def _type(told: Any) -> str:
    if "$ref" in told:
        name = told["$ref"].removeprefix("#/$defs/")
        return f"[{name}](#{name.lower()})"
    if "enum" in told:
        return ", ".join(f"`{one}`" for one in told["enum"])
    if "anyOf" in told:
        kinds = [_type(one) for one in told["anyOf"]]
        return "length of time" if "exclusiveMinimum" in told["anyOf"][0] else " or ".join(kinds)
    match told.get("type"):
        case "array":
            return f"list of {_type(told['items'])}"
        case "object":
            return f"mapping to {_type(told['additionalProperties'])}"
        case "string" | ["string", "number"]:
            return "text"
        case "boolean":
            return "`true` or `false`"
        case None:
            return "anything"
    return {"integer": "whole number"}.get(told["type"], told["type"])


if __name__ == "__main__":
    (HERE / "plan-file.md").write_text(text())
    (HERE / "plan.schema.json").write_text(schema_text())
