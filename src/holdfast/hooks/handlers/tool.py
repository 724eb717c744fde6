"""After a tool: the session was heard, and a todo list becomes the steps of its execution."""

from __future__ import annotations

from holdfast.hooks.context import tell_place
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.place import keep_place
from holdfast.hooks.replies import Reply
from holdfast.model.todos import TodoChanges, read_todos


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Record the todo list, if the tool was one that changes it."""
    changes = read_todos(event.tool_name, event.tool_input, event.tool_response)
    if changes is not None:
        await _record(desk, changes)
    return await tell_place(desk)


async def _record(desk: Desk, changes: TodoChanges) -> None:
    row = await desk.keeper.write(
        "record_todos", items=list(changes.items), is_whole=changes.is_whole
    )
    if row is not None:
        await keep_place(desk, task=row["activity"])
