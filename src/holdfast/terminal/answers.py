"""What a person types as an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def typed_answer(
    text: str, options: Sequence[Any] | None, schema: Mapping[str, Any] | None = None
) -> Any:
    """An option as it stands, else JSON, else the text; where a text is expected, the text.

    >>> typed_answer("yes", ["yes", "no"]), typed_answer("3", None), typed_answer("later", None)
    ('yes', 3, 'later')
    >>> typed_answer("3", None, {"type": "string"})
    '3'
    """
    if options and text in options:
        return text
    if schema and schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def told_value(value: Any) -> str:
    """A value as a person reads it.

    >>> told_value("yes"), told_value({"n": 1})
    ('yes', '{"n": 1}')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def told_audience(audience: Mapping[str, Any] | None) -> str:
    """Whom a question is for, in words.

    >>> told_audience(None), told_audience({"person": "ann", "role": "owner"})
    ('operators', 'ann or owners')
    """
    named = audience or {"role": "operator"}
    parts = [named["person"]] if "person" in named else []
    return " or ".join([*parts, *([f"{named['role']}s"] if "role" in named else [])])


def told_form(options: Sequence[Any] | None, schema: Mapping[str, Any] | None) -> str:
    """Which answers are possible, on one line.

    >>> told_form(["yes", "no"], None), told_form(None, {"properties": {"n": {}}}), told_form(None, None)
    ('yes | no', 'form: n', 'any JSON')
    """
    if options:
        return " | ".join(map(told_value, options))
    if schema is None:
        return "any JSON"
    if schema.get("enum"):
        return " | ".join(map(told_value, schema["enum"]))
    if schema.get("properties"):
        return f"form: {', '.join(schema['properties'])}"
    return str(schema.get("type", "any JSON"))
