"""Todo lists as the agent programs' tools write them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

# A tuple: what programs give need not be hashable.
_STATUSES = ("pending", "in_progress", "completed", "deleted")
TODO_TOOLS = ("TodoWrite", "write_todos", "update_plan", "TaskCreate", "TaskUpdate")
"""The tools that `read_todos` understands."""
_NUMBER = re.compile(r"#(\d+)")
_LONGEST = 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class TodoChanges:
    """Todo items to record: a whole list, or single items of it."""

    items: tuple[dict[str, Any], ...]
    is_whole: bool


def read_todos(tool: str | None, given: Mapping[str, Any], answer: Any) -> TodoChanges | None:
    """What a tool call changed of the todo list, if it was a tool of that kind; what cannot be read is left out.

    >>> read_todos("TaskUpdate", {"taskId": "2", "status": "completed"}, None).items
    ({'key': '2', 'status': 'completed'},)
    """
    match tool:
        case "TodoWrite":
            return _whole(given.get("todos"), "content")
        case "write_todos":
            return _whole(given.get("todos"), "description")
        case "update_plan":
            return _whole(given.get("plan"), "step")
        case "TaskCreate":
            return _created(given, answer)
        case "TaskUpdate":
            return _updated(given)
    return None


def _whole(told: Any, content: str) -> TodoChanges | None:
    if not isinstance(told, list):
        return None
    items = [
        _item(str(one[content]), one.get("status"), one[content], one.get("activeForm"))
        for one in told
        if isinstance(one, dict) and one.get(content)
    ]
    return TodoChanges(items=tuple(items), is_whole=True)


def _created(given: Mapping[str, Any], response: Any) -> TodoChanges | None:
    key = _created_key(response)
    if key is None:
        return None
    item = _item(key, "pending", given.get("subject"), given.get("activeForm"))
    return TodoChanges(items=(item,), is_whole=False)


def _created_key(response: Any) -> str | None:
    """The new task's id, which is in a field or in the sentence that the tool answers with."""
    if isinstance(response, dict) and isinstance(response.get("task"), dict):
        return str(response["task"]["id"]) if response["task"].get("id") else None
    found = _NUMBER.search(str(response))
    return found[1] if found else None


def _updated(given: Mapping[str, Any]) -> TodoChanges | None:
    key, status = given.get("taskId"), given.get("status")
    if not key or status not in _STATUSES:
        return None
    item = _item(str(key), status, given.get("subject"), given.get("activeForm"))
    return TodoChanges(items=(item,), is_whole=False)


def _item(key: str, status: Any, content: Any, active_form: Any) -> dict[str, Any]:
    whole = {
        "key": key[:_LONGEST],
        "status": status
        if status in _STATUSES
        else ("deleted" if status == "cancelled" else "pending"),
        "content": content,
        "active_form": active_form,
    }
    return {name: value for name, value in whole.items() if value is not None}
