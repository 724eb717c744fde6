"""The hooks of a plan as agent programs are told of them; what their users have set holds besides."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Mapping
from typing import Any

Moments = Mapping[str, tuple[str, str | None]]
"""For each moment the program's event, and the tools after or before which it comes where a hook names none."""
_MODULE = "holdfast.hooks.of_plan"
DEFAULT_SECONDS = 600.0
_MORE_SECONDS = 10
"""What a program waits beyond the hook's own time, so that it is the hook that says that it took too long."""


def entries_of(
    hooks: Mapping[str, Any], moments: Moments, *, units_per_second: int = 1
) -> dict[str, list[dict[str, Any]]]:
    """For each event of the program its entries, in the form that the programs share; they differ in the unit of time limits.

    >>> entries_of({}, {"after_tool": ("PostToolUse", "*")})
    {}
    """
    return {
        event: [_entry(moment, hook, tools, units_per_second) for hook in hooks[moment]]
        for moment, (event, tools) in moments.items()
        if hooks.get(moment)
    }


def _entry(
    moment: str, hook: Mapping[str, Any], tools: str | None, units_per_second: int
) -> dict[str, Any]:
    seconds = hook.get("timeout_seconds") or DEFAULT_SECONDS
    command = [sys.executable, "-m", _MODULE, moment, str(seconds), *hook["command"]]
    limit = (math.ceil(seconds) + _MORE_SECONDS) * units_per_second
    runs = {"type": "command", "command": shlex.join(command), "timeout": limit}
    matcher = hook.get("tools") or tools
    return {**({"matcher": matcher} if matcher else {}), "hooks": [runs]}
