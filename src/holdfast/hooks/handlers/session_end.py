"""Session end: what the session knows of its place is kept; the companion ends it in the database."""

from __future__ import annotations

from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.place import keep_place
from holdfast.hooks.replies import Pass, Reply


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Keep the place: a session that is resumed goes on from it."""
    await keep_place(desk, is_active=False)
    return Pass()
