"""The JSON schema of a plan file, from the dataclasses that it is read into."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from holdfast.model.seconds import Seconds
from holdfast.plans.reading import key_of, plain
from holdfast.plans.spec import Condition, Plan

_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_LENGTH = r"^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)\s*$"


def plan_schema() -> dict[str, Any]:
    """The whole schema, in draft 2020-12, which editors complete plan files with."""
    definitions: dict[str, Any] = {}
    whole = _mapping_of(Plan, definitions)
    definitions[Condition.__name__]["oneOf"] = [
        {"required": ["command"]},
        {"required": ["plan", "step"]},
        {"required": ["tick"]},
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Holdfast plan",
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def _mapping_of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    needed = [
        key_of(field.name)
        for field in dataclasses.fields(kind)
        if field.default is field.default_factory is dataclasses.MISSING
    ]
    return {
        "description": inspect.getdoc(kind),
        "type": "object",
        "additionalProperties": False,
        "required": needed,
        "properties": {
            key_of(field.name): _property_of(field, hints[field.name], definitions)
            for field in dataclasses.fields(kind)
        },
    }


def _property_of(field: Any, hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    told = {"description": said_of(hint)} | _schema_of(hint, definitions)
    default = field.default
    if isinstance(default, str | int | float) and default != "":
        told["default"] = default
    elif isinstance(default, tuple) and default:
        told["default"] = list(default)
    return told


def said_of(hint: Any) -> str:
    """What is said beside a field."""
    return typing.get_args(hint)[1] if typing.get_origin(hint) is Annotated else ""


def _schema_of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    kind = plain(kind)
    if kind == Seconds:
        return {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": _LENGTH},
            ]
        }
    if dataclasses.is_dataclass(kind):
        return _reference_to(kind, definitions)
    arguments = typing.get_args(kind)
    match typing.get_origin(kind):
        case types.UnionType | typing.Union:
            return _one_of([one for one in arguments if one is not type(None)], definitions)
        case origin if origin is Literal:
            return {"enum": list(arguments)}
        case origin if origin is Sequence:
            return {"type": "array", "items": _schema_of(arguments[0], definitions)}
        case origin if origin is Mapping:
            return {"type": "object", "additionalProperties": _below(arguments[1], definitions)}
    if kind is str:  # a number is forgiven where a text is meant
        return {"type": ["string", "number"]}
    return {"type": _SCALARS[kind]} if kind in _SCALARS else {}


def _one_of(kinds: list[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    told = [_schema_of(kind, definitions) for kind in kinds]
    return told[0] if len(told) == 1 else {"anyOf": told}


def _reference_to(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        definitions[kind.__name__] = _mapping_of(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _below(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """A mapping's values, whose names are their keys."""
    told = _schema_of(kind, definitions)
    definition = definitions.get(getattr(kind, "__name__", ""), {})
    if "name" in definition.get("required", ()):
        definition["required"].remove("name")
    return told
