"""A JSON Schema as a form: which fields a person fills in, and what they typed as values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from holdfast.terminal.answers import told_value

_TRUE = frozenset({"y", "yes", "true", "1"})
_FALSE = frozenset({"n", "no", "false", "0"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """One thing to fill in."""

    name: str | None
    """The property that it is; unset: the answer itself."""
    schema: Mapping[str, Any]
    is_required: bool

    @property
    def label(self) -> str:
        """What a person is asked for.

        >>> Field(name="n", schema={"type": "integer", "minimum": 1}, is_required=True).label
        'n (integer, at least 1)'
        """
        said = self.schema.get("title") or self.name or "answer"
        notes = [self._kind(), *self._bounds(), *([] if self.is_required else ["may be empty"])]
        described = self.schema.get("description")
        return f"{said} ({', '.join(notes)})" + (f": {described}" if described else "")

    @property
    def default(self) -> str:
        """What an empty line means."""
        return told_value(self.schema["default"]) if "default" in self.schema else ""

    def value_of(self, text: str) -> Any:
        """What was typed, in the field's type; what cannot be read so stays the text, and is refused by the database.

        >>> Field(name="n", schema={"type": "integer"}, is_required=True).value_of("3")
        3
        """
        if self.choices and text in map(told_value, self.choices):
            return next(choice for choice in self.choices if told_value(choice) == text)
        match self.schema.get("type"):
            case "string":
                return text
            case "boolean" if text.lower() in _TRUE | _FALSE:
                return text.lower() in _TRUE
        try:
            return json.loads(text)
        except ValueError:
            return text

    @property
    def choices(self) -> list[Any]:
        """The values that there are, if they are few and named."""
        found: list[Any] = self.schema.get("enum", [])
        return found

    def _kind(self) -> str:
        if self.choices:
            return " | ".join(map(told_value, self.choices))
        kind = self.schema.get("type", "any JSON")
        return "yes | no" if kind == "boolean" else str(kind)

    def _bounds(self) -> list[str]:
        least, most = self.schema.get("minimum"), self.schema.get("maximum")
        return [
            *([f"at least {least}"] if least is not None else []),
            *([f"at most {most}"] if most is not None else []),
        ]


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """The fields of a form: an object's properties, those that are required first, or the answer as a whole.

    >>> [field.name for field in fields_of({"properties": {"a": {}, "b": {}}, "required": ["b"]})]
    ['b', 'a']
    """
    properties = schema.get("properties")
    if not properties:
        return [Field(name=None, schema=schema, is_required=True)]
    required = [name for name in schema.get("required", []) if name in properties]
    return [
        Field(name=name, schema=_schema_of(properties[name]), is_required=name in required)
        for name in (*required, *(name for name in properties if name not in required))
    ]


def _schema_of(schema: Any) -> Mapping[str, Any]:
    return schema if isinstance(schema, dict) else {}


def filled(fields: list[Field], typed: Mapping[str | None, str]) -> Any:
    """The answer that was typed, field by field; what was left empty is left out.

    >>> filled(fields_of({"properties": {"a": {}, "b": {}}}), {"a": "1", "b": ""})
    {'a': 1}
    """
    if fields[0].name is None:
        return fields[0].value_of(typed[None])
    return {
        field.name: field.value_of(typed[field.name]) for field in fields if typed[field.name] != ""
    }
