"""Before the agent's context is compacted: its place is kept; the session start that follows tells it again."""

from __future__ import annotations

from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.place import keep_place
from holdfast.hooks.replies import Pass, Reply


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Keep the place, and tell it again at the next chance."""
    await keep_place(desk)
    desk.is_told = False
    return Pass()
