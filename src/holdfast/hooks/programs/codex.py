"""Codex: hooks in a file of their own, MCP servers in its TOML configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from holdfast.editing import files, tomledit
from holdfast.editing.jsontext import NotJson
from holdfast.errors import HoldfastError
from holdfast.hooks.findings import Finding, Standing
from holdfast.hooks.programs.program import (
    SERVER_NAME,
    Files,
    Program,
    Scope,
    Surroundings,
    limits,
    within,
)

_SESSION_END_SECONDS = 3  # Codex waits no longer, whatever the file says
_CAPITAL = re.compile(r"(?<!^)([A-Z])")


def _files(scope: Scope, where: Surroundings) -> Files:
    own = where.project / ".codex"
    if scope is Scope.USER:
        own = where.folder("CODEX_HOME", ".codex")
    return Files(
        hooks=own / "hooks.json",
        server=own / "config.toml",
        server_path=("mcp_servers", SERVER_NAME),
    )


def _examine_trust(standing: Sequence[Standing], where: Surroundings) -> Iterator[Finding]:
    """Codex runs a hook only after the user has trusted it, and a project's only in a project that is trusted."""
    if not standing:
        return
    config = where.folder("CODEX_HOME", ".codex") / "config.toml"
    try:
        said = tomledit.parse(files.read(config) or "").unwrap()
    except (NotJson, HoldfastError) as error:
        yield Finding(what=f"{config} cannot be read: {error}.", next_step="Correct the file.")
        return
    if within(said, "features", "hooks") is False:
        yield Finding(what=f"features.hooks in {config} turns hooks off.", next_step="Take it out.")
    in_project = [one for one in standing if one.file.is_relative_to(where.project)]
    trust = within(said, "projects", str(where.project), "trust_level")
    if in_project and trust != "trusted":
        yield Finding(
            what=f"Codex does not trust the project {where.project}, so its hooks do not run.",
            next_step="Start codex there and trust it.",
        )
    trusted = within(said, "hooks", "state") or ()
    waiting = [one.event for one in standing if _key(one) not in trusted]
    if waiting:
        yield Finding(
            what=f"Codex waits for you to trust the hooks of {', '.join(sorted(set(waiting)))}.",
            next_step="Start codex and trust them in /hooks.",
        )


def _key(one: Standing) -> str:
    """How Codex names a hook: by where it stands."""
    event = _CAPITAL.sub(r"_\1", one.event).lower()
    return f"{one.file}:{event}:{one.at}:{one.place}"


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
    examine_trust=_examine_trust,
    after_installing=(
        "Codex runs no hook that you have not trusted: start codex, and trust them in /hooks.",
    ),
)
