"""The status line: `AUTO | EXEC | Child 3/6 | SD-…`."""

from __future__ import annotations

from holdfast.errors import HoldfastError
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.replies import Print, Reply
from holdfast.hooks.standing import Denied, Unsure
from holdfast.model.directives import Directive


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """What the session works on, on one line; asking for it does not count as being heard."""
    match desk.keeper.standing:
        case Denied():
            return Print("holdfast: this session is not this program's")
        case Unsure(why):
            return Print(f"holdfast: {why}")
    claim = desk.keeper.claim
    if claim is None:
        return Print("holdfast: no directive")
    try:
        return Print(await _line(desk, claim.sd_key))
    except HoldfastError:
        return Print(f"{claim.phase} | {claim.sd_key} | database away")


async def _line(desk: Desk, key: str) -> str:
    held = await desk.keeper.directives.get(key)
    session = await desk.keeper.session()
    parts = ["AUTO"] if session.metadata.get("auto_proceed") is True else []
    parts.append(held.phase.value)
    if held.parent_key is not None:
        parts.append(child_of(await desk.keeper.directives.get(held.parent_key)))
    return " | ".join([*parts, held.sd_key])


def child_of(parent: Directive) -> str:
    """Which of its children a session is at."""
    at = min(parent.completed_children + 1, parent.total_children)
    return f"Child {at}/{parent.total_children}"
