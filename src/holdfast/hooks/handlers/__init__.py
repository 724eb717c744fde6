"""What is done at each event of an agent program: one file for each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from holdfast.errors import HoldfastError
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import LONG, HookEvent, Moment
from holdfast.hooks.handlers import (
    compaction,
    fence,
    gate,
    prompt,
    session_end,
    session_start,
    statusline,
    stop,
    task_completed,
    tool,
)
from holdfast.hooks.replies import Missed, Pass, Refuse, Reply

logger = logging.getLogger("holdfast.hooks")

_HANDLERS: dict[Moment, Callable[[Desk, HookEvent], Awaitable[Reply]]] = {
    Moment.SESSION_START: session_start.answer,
    Moment.PROMPT: prompt.answer,
    Moment.BEFORE_TOOL: gate.answer,
    Moment.AFTER_TOOL: tool.answer,
    Moment.BEFORE_COMPACTION: compaction.answer,
    Moment.TASK_COMPLETED: task_completed.answer,
    Moment.STOP: stop.answer,
    Moment.SESSION_END: session_end.answer,
    Moment.STATUSLINE: statusline.answer,
}


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Answer one event: the fence first, then what the moment is for.

    What goes wrong behind the fence lets the agent go on, except at a gate.
    """
    if event.moment not in _HANDLERS:
        return Pass()
    try:
        refusal = await fence.look(desk, event)
    except Exception as error:
        logger.exception("the fence failed")
        refusal = fence.unsure(desk, event, f"{type(error).__name__}: {error}")
    if refusal is not None:
        return refusal
    try:
        async with asyncio.timeout(None if event.moment in LONG else event.seconds):
            return await _HANDLERS[event.moment](desk, event)
    except (HoldfastError, TimeoutError, OSError) as error:
        logger.info("%s: %s", event.name, error)
        return _failed(desk, event, str(error) or "the database does not answer")
    except Exception as error:
        logger.exception("%s failed", event.name)
        return _failed(desk, event, f"{type(error).__name__}: {error}")


def _failed(desk: Desk, event: HookEvent, why: str) -> Reply:
    if event.moment is Moment.BEFORE_TOOL and gate.pattern_of(desk.settings.gated_tools, event):
        return Refuse(f"Holdfast cannot ask a person about this: {why}")
    return Missed()
