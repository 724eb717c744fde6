"""Session start: the agent is told where it is."""

from __future__ import annotations

from holdfast.hooks.context import tell_place
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.replies import Reply, Tell
from holdfast.hooks.standing import Denied


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Tell the agent its place; nothing can be stopped here, so a twin is only told."""
    match desk.keeper.standing:
        case Denied(why):
            return Tell(f"Holdfast: {why} Every prompt and every tool of this run will be refused.")
    if not desk.keeper.is_held:
        return Tell("Holdfast is starting. Where you are is told as soon as its database answers.")
    # One that was told is told again: it was resumed, cleared or compacted.
    desk.is_told = False
    return await tell_place(desk)
