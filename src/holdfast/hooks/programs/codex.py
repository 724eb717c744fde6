"""Codex: hooks in a file of their own, MCP servers in its TOML configuration."""

from __future__ import annotations

from holdfast.hooks.programs.program import SERVER_NAME, Files, Program, Scope, Surroundings, limits

_SESSION_END_SECONDS = 3  # Codex waits no longer, whatever the file says


def _files(scope: Scope, where: Surroundings) -> Files:
    own = where.project / ".codex"
    if scope is Scope.USER:
        own = where.folder("CODEX_HOME", ".codex")
    return Files(
        hooks=own / "hooks.json",
        server=own / "config.toml",
        server_path=("mcp_servers", SERVER_NAME),
    )


CODEX = Program(
    name="codex",
    title="Codex",
    tried_version="0.169.0",
    events=limits(
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PreCompact",
        "PostCompact",
        verifying=("Stop",),
    )
    | {"SessionEnd": _SESSION_END_SECONDS},
    scopes=(Scope.PROJECT, Scope.USER),
    files=_files,
    after_installing=(
        "Codex runs no hook that you have not trusted: start codex, and trust them in /hooks.",
    ),
)
