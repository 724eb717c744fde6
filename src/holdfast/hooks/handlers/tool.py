"""After a tool: the session was heard, and a todo list becomes the steps of its execution."""

from __future__ import annotations

from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.place import keep_place
from holdfast.hooks.replies import Pass, Reply
from holdfast.model.todos import read_todos


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Record the todo list, if the tool was one that changes it."""
    changes = read_todos(event.tool_name, event.tool_input, event.tool_response)
    if changes is None:
        return Pass()
    row = await desk.keeper.write(
        "record_todos", items=list(changes.items), is_whole=changes.is_whole
    )
    if row is not None:
        await keep_place(desk, task=row["activity"])
    return Pass()
