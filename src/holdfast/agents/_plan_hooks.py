"""The hooks of a plan, as Claude Code takes them on its command line; its user's own settings hold besides."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from typing import Any

# The moment, Claude's event for it, and the tools after or before which it comes where a hook names none.
_EVENTS = (("after_tool", "PostToolUse", "*"), ("before_commit", "PreToolUse", "Bash"))
_MODULE = "holdfast.hooks.of_plan"
DEFAULT_SECONDS = 600.0
_MORE_SECONDS = 10
"""What Claude waits beyond the hook's own time, so that it is the hook that says that it took too long."""


def settings_of(hooks: Mapping[str, Any]) -> list[str]:
    """The arguments that tell Claude Code of a plan's hooks.

    >>> settings_of({})
    []
    """
    told = {
        event: [_entry(moment, hook, tools) for hook in hooks[moment]]
        for moment, event, tools in _EVENTS
        if hooks.get(moment)
    }
    return ["--settings", json.dumps({"hooks": told})] if told else []


def _entry(moment: str, hook: Mapping[str, Any], tools: str) -> dict[str, Any]:
    seconds = hook.get("timeout_seconds") or DEFAULT_SECONDS
    command = [sys.executable, "-m", _MODULE, moment, str(seconds), *hook["command"]]
    runs = {"type": "command", "command": shlex.join(command), "timeout": seconds + _MORE_SECONDS}
    return {"matcher": hook.get("tools") or tools, "hooks": [runs]}
