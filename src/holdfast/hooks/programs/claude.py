"""Claude Code: its settings files, its events, and where it looks for MCP servers."""

from __future__ import annotations

from typing import Any

from holdfast.hooks.programs.program import SERVER_NAME, Files, Program, Scope, Surroundings, limits

_FILE_NAMES = {Scope.PROJECT: "settings.json", Scope.LOCAL: "settings.local.json"}


def _files(scope: Scope, where: Surroundings) -> Files:
    own = where.folder("CLAUDE_CONFIG_DIR", ".claude")
    # Beside the folder, unless a variable moves both.
    state = (own if "CLAUDE_CONFIG_DIR" in where.environment else where.home) / ".claude.json"
    servers = ("mcpServers", SERVER_NAME)
    if scope is Scope.USER:
        return Files(
            hooks=own / "settings.json", server=state, server_path=servers, status_line=True
        )
    in_state = ("projects", str(where.project), *servers)
    return Files(
        hooks=where.project / ".claude" / _FILE_NAMES[scope],
        server=where.project / ".mcp.json" if scope is Scope.PROJECT else state,
        server_path=servers if scope is Scope.PROJECT else in_state,
        status_line=True,
    )


def _is_disabled(settings: Any) -> str | None:
    return "disableAllHooks" if settings.get("disableAllHooks") is True else None


def _has_plugin(settings: Any) -> bool:
    plugins = settings.get("enabledPlugins")
    named = plugins if isinstance(plugins, dict) else {}
    return any(on is True for name, on in named.items() if name.startswith("holdfast@"))


CLAUDE = Program(
    name="claude",
    title="Claude Code",
    tried_version="2.1.328",
    events=limits(
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PreCompact",
        "PostCompact",
        verifying=("TaskCompleted", "Stop"),
    ),
    scopes=(Scope.PROJECT, Scope.LOCAL, Scope.USER),
    files=_files,
    merges_same=True,
    is_disabled=_is_disabled,
    has_plugin=_has_plugin,
)
