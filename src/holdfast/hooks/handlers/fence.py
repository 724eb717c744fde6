"""A session that is not its own any more is stopped: before a prompt reaches the model, and before a tool runs."""

from __future__ import annotations

import re

from holdfast.hooks.desk import Desk
from holdfast.hooks.events import FENCED, HookEvent, Moment
from holdfast.hooks.replies import Pass, Refuse, Reply
from holdfast.hooks.standing import Denied, Unsure

_OWN_COMMAND = re.compile(r"\s*holdfast\s")
_HEARD = FENCED | {Moment.SESSION_START, Moment.AFTER_TOOL, Moment.STOP}


async def look(desk: Desk, event: HookEvent) -> Reply | None:
    """Ask the database, where the event shows that the agent is at work; a refusal where it may not go on."""
    if event.moment not in _HEARD:
        return None
    if desk.problem is not None:
        return unsure(desk, event, desk.problem)
    standing = await desk.keeper.check(event.seconds)
    match standing:
        case Unsure(why):
            return unsure(desk, event, why)
        case Denied(why, is_claim) if event.moment in FENCED:
            return _denied(desk, event, why, is_claim)
        case Denied() if event.moment is not Moment.SESSION_START:
            return Pass()
    return None


def unsure(desk: Desk, event: HookEvent, why: str) -> Reply | None:
    """A refusal where nobody can say whether the session may go on, unless the settings let it."""
    if event.moment not in FENCED or desk.settings.hooks_when_unsure == "open":
        return None
    return Refuse(
        f"Holdfast cannot say whether this session may go on: {why}\n"
        'next:  holdfast hooks doctor (or set hooks_when_unsure = "open" in holdfast.toml)'
    )


def _denied(desk: Desk, event: HookEvent, why: str, is_claim: bool) -> Reply | None:
    if not is_claim:
        return Refuse(f"Holdfast: {why}")
    if event.moment is Moment.PROMPT:
        desk.keeper.forgive()
        return Refuse(f"Holdfast: {why} Send the prompt again to go on with other work.")
    return None if _is_own(event) else Refuse(f"Holdfast: {why} See: holdfast directive tree")


def _is_own(event: HookEvent) -> bool:
    """Whether the tool is Holdfast itself, with which the agent may look and claim something else."""
    command = event.tool_input.get("command")
    return event.tool_name.startswith("mcp__holdfast") or (
        isinstance(command, str) and _OWN_COMMAND.match(command) is not None
    )
