"""A prompt: the agent is told what it has to know by now, and works again."""

from __future__ import annotations

from holdfast.hooks.context import news, tell_place
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.replies import Pass, Reply, Tell


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Tell what has not been told yet: the place after a cold start, else answers and losses."""
    await desk.keeper.move("running")
    if not desk.is_told:
        return await tell_place(desk)
    text = await news(desk)
    return Tell(text) if text else Pass()
