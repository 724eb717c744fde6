"""An event of an agent program, whichever program it is of."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any


class Moment(StrEnum):
    """When a hook is called, in the words that fit all three programs."""

    SESSION_START = "session start"
    PROMPT = "prompt"
    BEFORE_TOOL = "before a tool"
    AFTER_TOOL = "after a tool"
    TASK_COMPLETED = "task completed"
    BEFORE_COMPACTION = "before compaction"
    STOP = "stop"
    SESSION_END = "session end"
    STATUSLINE = "status line"
    OTHER = "other"


# Claude Code's and Codex's names, and Gemini's where they differ.
_MOMENTS = {
    "SessionStart": Moment.SESSION_START,
    "UserPromptSubmit": Moment.PROMPT,
    "BeforeAgent": Moment.PROMPT,
    "PreToolUse": Moment.BEFORE_TOOL,
    "BeforeTool": Moment.BEFORE_TOOL,
    "PostToolUse": Moment.AFTER_TOOL,
    "AfterTool": Moment.AFTER_TOOL,
    "TaskCompleted": Moment.TASK_COMPLETED,
    "PreCompact": Moment.BEFORE_COMPACTION,
    "Stop": Moment.STOP,
    "AfterAgent": Moment.STOP,
    "SessionEnd": Moment.SESSION_END,
    "Statusline": Moment.STATUSLINE,
}
_ON_THE_WAY_SECONDS = 0.2
FENCED = frozenset({Moment.PROMPT, Moment.BEFORE_TOOL})
"""Where a session that may not go on is stopped: session start cannot stop anything."""
LONG = frozenset({Moment.STOP, Moment.TASK_COMPLETED})
"""When a verification may run: the hook waits for as long as the companion says that it works."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HookEvent:
    """One event, as the program told it; what it did not tell is empty."""

    moment: Moment
    name: str
    """The program's own name for it."""
    source: str = ""
    reason: str = ""
    tool_name: str = ""
    tool_input: dict[str, Any] = dataclasses.field(default_factory=dict)
    tool_response: Any = None
    seconds: float = 1.5
    """How long the hook waits for the answer."""
    is_attended: bool = False
    """Whether a person sits at the program."""


def read_event(request: dict[str, Any]) -> HookEvent:
    """An event from what a hook sent; unknown fields and events are ignored.

    >>> read_event({"event": {"hook_event_name": "BeforeTool", "tool_name": "shell"}}).moment
    <Moment.BEFORE_TOOL: 'before a tool'>
    """
    told = request["event"]
    name = _text(told.get("hook_event_name"))
    tool_input = told.get("tool_input")
    return HookEvent(
        moment=_MOMENTS.get(name, Moment.OTHER),
        name=name,
        source=_text(told.get("source")),
        reason=_text(told.get("reason")),
        tool_name=_text(told.get("tool_name")),
        tool_input=tool_input if isinstance(tool_input, dict) else {},
        tool_response=told.get("tool_response"),
        seconds=max(float(request.get("seconds", 1.5)) - _ON_THE_WAY_SECONDS, 0.1),
        is_attended=request.get("attended") is not False,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
