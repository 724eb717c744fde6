"""The hooks of a plan for Gemini CLI, which takes hooks from settings files only.

It is given a home of its own: its user's, by links, but for `settings.json`, which has the plan's hooks after the user's. So conversations,
credentials and memory stay where they are, and no file of the user's is changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.agents._json import mapping, objects
from holdfast.agents._plan_hooks import entries_of
from holdfast.agents._settings import read_settings, refuse_without_hooks
from holdfast.editing import files

HOME = "GEMINI_CLI_HOME"
_FOLDER, _SETTINGS, _CONVERSATIONS = ".gemini", "settings.json", "tmp"
_OF_SYSTEM = Path("/etc/gemini-cli/settings.json")
_HOMES = "holdfast"
"""The folder of the homes, in the user's own; they have no link to it."""
_MOMENTS = {"after_tool": ("AfterTool", None), "before_commit": ("BeforeTool", "run_shell_command")}
_UNITS_PER_SECOND = 1000


def gemini_home(
    hooks: Mapping[str, Any], *, cwd: str | None, environment: Mapping[str, str]
) -> Path | None:
    """The home in which Gemini runs a plan's hooks; none where there are no hooks.

    Raises:
        ConfigError: Gemini would not run them, or its settings cannot be read.
    """
    entries = entries_of(hooks, _MOMENTS, units_per_second=_UNITS_PER_SECOND)
    if not entries:
        return None
    own = Path(environment.get(HOME) or environment.get("HOME") or Path.home()) / _FOLDER
    given = (_OF_SYSTEM, own / _SETTINGS, Path(cwd or ".") / _FOLDER / _SETTINGS)
    refuse_without_hooks("Gemini", given, "hooksConfig", "enabled", while_it_is=False)
    settings = read_settings(own / _SETTINGS)
    kept = mapping(settings.get("hooks"))
    added = {event: [*objects(kept.get(event)), *listed] for event, listed in entries.items()}
    return _made(own, json.dumps({**settings, "hooks": {**kept, **added}}, indent=2))


def _made(own: Path, settings: str) -> Path:
    """One home for each user and settings, so that whoever takes up a conversation finds the same."""
    digest = hashlib.sha256(f"{own}\0{settings}".encode()).hexdigest()[:16]
    home = own / _HOMES / digest
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    # It would make its folder of conversations in the home that it is given, where no later run would look for them.
    (own / _CONVERSATIONS).mkdir(parents=True, exist_ok=True)
    for file in own.iterdir():
        if file.name not in (_SETTINGS, _HOMES):
            with contextlib.suppress(FileExistsError):
                (folder / file.name).symlink_to(file)
    files.replace(folder / _SETTINGS, settings)
    return home
