"""One question on the terminal: all that is known of it, and the form of its answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.text import Text

from holdfast.cli._output import console, rows_table
from holdfast.errors import InvalidValue
from holdfast.terminal.answers import told_audience, told_form, told_value
from holdfast.terminal.forms import Field, fields_of, filled
from holdfast.terminal.words import ago


def ask_for_answer(question: Mapping[str, Any]) -> Any:
    """Let a person fill in the form of a question.

    Raises:
        InvalidValue: there is nobody at a terminal.
    """
    if not sys.stdin.isatty():
        raise InvalidValue(
            "No answer is given, and nobody is at a terminal to be asked.",
            hint=f"Give it after the id: {told_form(question['options'], question['schema'])}",
        )
    console.print(Text(question["message"]))
    if question["context"].get("text"):
        console.print(Text(question["context"]["text"]))
    if question["action"] is not None:
        console.print("This is what it approves:", style="quiet")
        console.print(Text(json.dumps(question["action"], indent=2, ensure_ascii=False)))
    schema = {"enum": question["options"]} if question["options"] else question["schema"] or {}
    fields = fields_of(schema)
    return filled(fields, {field.name: _typed(field) for field in fields})


def _typed(field: Field) -> str:
    """What a person types for a field; an empty line is its default, or nothing."""
    typed: str = typer.prompt(field.label, default=field.default, show_default=field.default != "")
    while typed == "" and field.is_required and field.schema.get("type") != "string":
        typed = typer.prompt(field.label, default="", show_default=False)
    return typed


def print_question(question: Mapping[str, Any]) -> None:
    """All that is known of a question."""
    console.print(Text(question["message"]))
    table = rows_table("", "")
    table.show_header = False
    for name, value in _facts(question):
        if value not in (None, ""):
            table.add_row(Text(name, style="quiet"), Text(str(value)))
    console.print(table)
    for title, value in (("form", question["schema"]), ("action", question["action"])):
        if value is not None:
            console.print(f"\n{title}:", style="quiet")
            console.print(Text(json.dumps(value, indent=2, ensure_ascii=False)))
    if question["context"].get("text"):
        console.print(f"\n{question['context'].get('file', 'shows')}:", style="quiet")
        console.print(Text(question["context"]["text"]))


def _facts(question: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    digest = question["action_digest"]
    yield "id", question["id"]
    yield "status", question["status"] + (" (void)" if question["voided_at"] else "")
    yield "asked", f"{ago(question['created_at'])} ago by {question['asker'] or 'an agent'}"
    if question["plan_name"]:
        yield "gate", f"{question['step_key']} of {question['plan_name']}"
    yield "for", told_audience(question["audience"]) + (" (you)" if question["is_mine"] else "")
    if question["escalated"]:
        before = " and ".join(told_audience(one) for one in question["earlier_audiences"])
        yield "was for", before
    yield "answers", told_form(question["options"], question["schema"])
    yield "waits for it", ", ".join(one["name"] for one in question["blocks"])
    yield "open until", question["expires_at"] and f"{question['expires_at']:%Y-%m-%d %H:%M %Z}"
    yield "then", _then(question)
    yield "action", digest and f"sha256 {digest.hex()}"
    yield "answer", question["answered_at"] and told_value(question["answer"])
    yield "answered", question["answered_at"] and _answered(question)
    yield "closed", question["closed_at"] and _closed(question)
    for one in question["notifications"]:
        yield "told", _notified(one)


def _then(question: Mapping[str, Any]) -> str | None:
    if question["expires_at"] is None:
        return None
    if question["on_expiry"] == "escalate":
        return f"it is for {told_audience(question['escalation']['audience'])}"
    if question["on_expiry"] == "fail" or question["default_answer"] is None:
        return "its asker is told that nobody answered"
    return f"the answer is {told_value(question['default_answer'])}"


def _answered(question: Mapping[str, Any]) -> str:
    right = " as an owner" if question["answered_as"] == "owner" else ""
    return f"{ago(question['answered_at'])} ago by {question['answered_by'] or 'somebody'}{right}"


def _closed(question: Mapping[str, Any]) -> str:
    reason = f": {question['close_reason']}" if question["close_reason"] else ""
    by = f" by {question['closed_by']}" if question["closed_by"] else ""
    return f"{ago(question['closed_at'])} ago{by}{reason}"


def _notified(one: Mapping[str, Any]) -> str:
    error = f": {one['error']}" if one["error"] else ""
    return (
        f"{one['channel']} ({one['occasion']}): {one['status']}, attempt {one['attempts']}{error}"
    )
