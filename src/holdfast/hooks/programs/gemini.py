"""Gemini CLI: one settings file for everything, time limits in milliseconds, comments allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from holdfast.editing import files
from holdfast.editing.jsontext import NotJson, parse
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


def _files(scope: Scope, where: Surroundings) -> Files:
    base = where.project
    if scope is Scope.USER:
        base = where.folder("GEMINI_CLI_HOME", "")
    file = base / ".gemini" / "settings.json"
    return Files(hooks=file, server=file, server_path=("mcpServers", SERVER_NAME))


def _is_disabled(settings: Any) -> str | None:
    if within(settings, "hooksConfig", "enabled") is False:
        return "hooksConfig.enabled"
    disabled = within(settings, "hooksConfig", "disabled")
    return "hooksConfig.disabled" if "holdfast" in (disabled or ()) else None


def _examine_trust(standing: Sequence[Standing], where: Surroundings) -> Iterator[Finding]:
    """Gemini reads a project's settings only in a folder that the user has trusted."""
    own = where.folder("GEMINI_CLI_HOME", "") / ".gemini"
    in_project = [one for one in standing if one.file.parent != own]
    asks = within(_said(own / "settings.json"), "security", "folderTrust", "enabled")
    if not in_project or asks is False:
        return
    rules = _said(own / "trustedFolders.json")
    if not any(_covers(Path(folder), rule, where.project) for folder, rule in rules.items()):
        yield Finding(
            what=f"Gemini does not trust the folder {where.project}, so it does not read its settings.",
            next_step="Start gemini there and trust it.",
        )


def _covers(folder: Path, rule: Any, project: Path) -> bool:
    trusted = {"TRUST_FOLDER": folder, "TRUST_PARENT": folder.parent}.get(rule)
    return trusted is not None and project.is_relative_to(trusted)


def _said(file: Path) -> Any:
    """What a file says; nothing where it cannot be read."""
    try:
        said = parse(files.read(file) or "{}", comments=True).plain()
    except (NotJson, HoldfastError):
        return {}
    return said if isinstance(said, dict) else {}


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
    examine_trust=_examine_trust,
)
