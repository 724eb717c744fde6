"""The hooks of a plan, as Claude Code and Codex take them on their command lines; its user's own settings hold besides."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Mapping
from typing import Any

_MODULE = "holdfast.hooks.of_plan"
DEFAULT_SECONDS = 600.0
_MORE_SECONDS = 10
"""What a program waits beyond the hook's own time, so that it is the hook that says that it took too long."""
# For each moment the program's event, and the tools after or before which it comes where a hook names none.
_CLAUDE = {"after_tool": ("PostToolUse", "*"), "before_commit": ("PreToolUse", "Bash")}
_CODEX = {"after_tool": ("PostToolUse", None), "before_commit": ("PreToolUse", "Bash")}
_Moments = Mapping[str, tuple[str, str | None]]


def claude_arguments(hooks: Mapping[str, Any]) -> list[str]:
    """The arguments that tell Claude Code of a plan's hooks.

    >>> claude_arguments({})
    []
    """
    told = _entries(hooks, _CLAUDE)
    return ["--settings", json.dumps({"hooks": told})] if told else []


def codex_arguments(hooks: Mapping[str, Any]) -> list[str]:
    """The same for Codex, which otherwise runs only hooks that a person has trusted.

    >>> codex_arguments({})
    []
    """
    told = _entries(hooks, _CODEX)
    if not told:
        return []
    given = [f"hooks.{event}={_toml(entries)}" for event, entries in told.items()]
    return ["--dangerously-bypass-hook-trust", *(part for one in given for part in ("-c", one))]


def _entries(hooks: Mapping[str, Any], moments: _Moments) -> dict[str, list[dict[str, Any]]]:
    return {
        event: [_entry(moment, hook, tools) for hook in hooks[moment]]
        for moment, (event, tools) in moments.items()
        if hooks.get(moment)
    }


def _entry(moment: str, hook: Mapping[str, Any], tools: str | None) -> dict[str, Any]:
    seconds = hook.get("timeout_seconds") or DEFAULT_SECONDS
    command = [sys.executable, "-m", _MODULE, moment, str(seconds), *hook["command"]]
    limit = math.ceil(seconds) + _MORE_SECONDS
    runs = {"type": "command", "command": shlex.join(command), "timeout": limit}
    matcher = hook.get("tools") or tools
    return {**({"matcher": matcher} if matcher else {}), "hooks": [runs]}


def _toml(value: Any) -> str:
    """A value on one line; a JSON text or number is one of TOML's too.

    >>> _toml([{"matcher": "Bash", "hooks": []}])
    '[{matcher = "Bash", hooks = []}]'
    """
    match value:
        case dict():
            return f"{{{', '.join(f'{key} = {_toml(one)}' for key, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
