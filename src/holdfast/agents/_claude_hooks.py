"""The hooks of a plan and of a role for Claude Code, which is given them on its command line; its user's own hold besides."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.agents._plan_hooks import entries_of
from holdfast.agents._settings import refuse_flags, refuse_without_hooks
from holdfast.agents.roles import Role, shell_patterns

_FOLDER = ".claude"
_MANAGED = Path("/etc/claude-code/managed-settings.json")
_BEFORE, _SHELL = "PreToolUse", "Bash"
_MOMENTS = {"after_tool": ("PostToolUse", "*"), "before_commit": (_BEFORE, _SHELL)}
_OF_ROLE = "holdfast.hooks.of_role"
_PATIENCE_SECONDS = 600
"""A hook that takes longer refuses nothing, so this is long."""


def claude_hooks(
    flags: tuple[str, ...],
    hooks: Mapping[str, Any],
    role: Role | None,
    *,
    cwd: str | None,
    environment: Mapping[str, str],
) -> list[str]:
    """The arguments that make Claude Code run the hooks of a plan, and hold a role to its shell commands.

    Raises:
        ConfigError: it would not run them.
    """
    entries = entries_of(hooks, _MOMENTS)
    if patterns := shell_patterns(role):
        entries.setdefault(_BEFORE, []).append(_limit(patterns))
    if not entries:
        return []
    home = environment.get("HOME") or str(Path.home())
    own = Path(environment.get("CLAUDE_CONFIG_DIR") or Path(home) / _FOLDER)
    in_project = Path(cwd or ".") / _FOLDER
    given = (
        _MANAGED,
        own / "settings.json",
        in_project / "settings.json",
        in_project / "settings.local.json",
    )
    refuse_flags("Claude Code", flags, "claude_flags", "--settings", "--bare", "--safe-mode")
    refuse_without_hooks("Claude Code", given, "disableAllHooks", while_it_is=True)
    refuse_without_hooks("Claude Code", given, "allowManagedHooksOnly", while_it_is=True)
    return ["--settings", json.dumps({"hooks": entries})]


def _limit(patterns: list[str]) -> dict[str, Any]:
    """Its agents' `tools` know no patterns: `Bash(git log *)` there offers the whole shell."""
    command = shlex.join([sys.executable, "-m", _OF_ROLE, *patterns])
    runs = {"type": "command", "command": command, "timeout": _PATIENCE_SECONDS}
    return {"matcher": _SHELL, "hooks": [runs]}
