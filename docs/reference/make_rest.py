"""Writes rest.md from the OpenAPI document; run it after a resource has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holdfast.api.document import openapi

HERE = Path(__file__).parent
TAGS = (
    "overview",
    "questions",
    "sessions",
    "executions",
    "supervisors",
    "plans",
    "directives",
    "events",
)


def text() -> str:
    """The whole page."""
    document = openapi()
    parts = [(HERE / "rest-head.md").read_text().rstrip()]
    parts += [f"## {tag}\n\n" + "\n\n".join(_operations(document, tag)) for tag in TAGS]
    shapes = _shapes_used(document)
    parts.append("## Shapes\n\n" + "\n\n".join(_shape(document, name) for name in shapes))
    return "\n\n".join(parts) + "\n"


def _of_ours(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if set(told.get("tags", ())) & set(TAGS)
    ]


def _operations(document: Any, tag: str) -> list[str]:
    return [
        _operation(path, method, told)
        for path, method, told in _of_ours(document)
        if tag in told["tags"]
    ]


def _operation(path: str, method: str, told: Any) -> str:
    parameters = [
        f"- {_field(one['name'], one['schema'], is_needed=one['required'])}"
        for one in told.get("parameters", ())
        if one["in"] == "query" and one["name"] not in {"limit", "after"}
    ]
    status, answer = next((s, a) for s, a in told["responses"].items() if s.startswith("2"))
    ends = f"Answer: {status}, {_type(answer['content']['application/json']['schema'])}."
    if "requestBody" in told:
        body = told["requestBody"]["content"]["application/json"]["schema"]
        ends = f"Body: {_type(body)}. {ends}"
    head = f"### {method.upper()} {path}"
    about = told["description"].replace("\n\n", " ")
    return "\n\n".join(part for part in (head, about, "\n".join(parameters), ends) if part)


def _field(name: str, schema: Any, *, is_needed: bool) -> str:
    about = schema.get("description")
    told = f": {about}" if about else ""
    default = schema.get("default")
    unless = f", {default} unless given" if default not in (None, False, {}, []) else ""
    return f"`{name}` {_type(schema)}{', needed' if is_needed else ''}{unless}{told}"


def _type(schema: Any) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name.startswith("Page_"):
            name = name.removeprefix("Page_").rstrip("_")
            return f"a page of [{name}](#{name.lower()})"
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    kind: str = schema.get("format") or schema.get("type") or "any JSON"
    return kind


def _shapes_used(document: Any) -> list[str]:
    """The shapes that our operations speak of, and the shapes in those."""
    found: set[str] = set()
    waiting = [told for _, _, told in _of_ours(document)]
    while waiting:
        for name in _references(waiting.pop()) - found:
            found.add(name)
            waiting.append(document["components"]["schemas"][name])
    return sorted(name for name in found if not name.startswith("Page_"))


def _references(value: Any) -> set[str]:
    match value:
        case {"$ref": str(reference)}:
            return {reference.rpartition("/")[2]}
        case dict():
            return set().union(*(_references(one) for one in value.values()))
        case list():
            return set().union(*(_references(one) for one in value))
    return set()


def _shape(document: Any, name: str) -> str:
    schema = document["components"]["schemas"][name]
    head = f"### {name}\n\n{schema.get('description', '')}".replace("\n\n\n", "\n\n").rstrip()
    if "enum" in schema:
        return f"{head}\n\n" + ", ".join(f"`{one}`" for one in schema["enum"])
    fields = schema.get("properties", {}).items()
    return f"{head}\n\n" + " · ".join(_field(*field, is_needed=False) for field in fields)


if __name__ == "__main__":
    (HERE / "rest.md").write_text(text())
