"""An open question under the names of AG-UI, in which front ends of agents speak of what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TOLD = ("asker", "plan_name", "step_key", "audience", "blocks", "created_at", "default_answer", "on_expiry")  # fmt: skip


def as_interrupt(question: Mapping[str, Any]) -> dict[str, Any]:
    """The question with AG-UI's names; options become a schema that lists them.

    >>> row = {"id": 7, "message": "Deploy?", "options": ["yes", "no"], "schema": None, "expires_at": None, "plan_name": "p"}
    >>> told = as_interrupt(row)
    >>> told["reason"], told["responseSchema"], told["metadata"]
    ('gate', {'enum': ['yes', 'no']}, {'plan_name': 'p'})
    """
    options = question["options"]
    return {
        "id": question["id"],
        "reason": "gate" if question.get("plan_name") else "question",
        "message": question["message"],
        "responseSchema": {"enum": options} if options else question["schema"],
        "expiresAt": question["expires_at"],
        "metadata": {key: question[key] for key in _TOLD if question.get(key) is not None},
    }
