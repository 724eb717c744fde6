"""Gemini CLI: one settings file for everything, time limits in milliseconds, comments allowed."""

from __future__ import annotations

from typing import Any

from holdfast.hooks.programs.program import SERVER_NAME, Files, Program, Scope, Surroundings, limits


def _files(scope: Scope, where: Surroundings) -> Files:
    base = where.project
    if scope is Scope.USER:
        base = where.folder("GEMINI_CLI_HOME", "")
    file = base / ".gemini" / "settings.json"
    return Files(hooks=file, server=file, server_path=("mcpServers", SERVER_NAME))


def _is_disabled(settings: Any) -> str | None:
    config = settings.get("hooksConfig")
    if not isinstance(config, dict):
        return None
    if config.get("enabled") is False:
        return "hooksConfig.enabled"
    return "hooksConfig.disabled" if "holdfast" in (config.get("disabled") or ()) else None


GEMINI = Program(
    name="gemini",
    title="Gemini CLI",
    tried_version="0.61.0",
    events=limits(
        "SessionStart",
        "SessionEnd",
        "BeforeAgent",
        "BeforeTool",
        "AfterTool",
        "PreCompress",
        verifying=("AfterAgent",),
        units_per_second=1000,
    ),
    units_per_second=1000,
    comments=True,
    handler_extras={"name": "holdfast"},
    scopes=(Scope.PROJECT, Scope.USER),
    files=_files,
    merges_same=True,
    is_disabled=_is_disabled,
)
