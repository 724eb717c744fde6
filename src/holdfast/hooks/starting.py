"""Starting the companion of a session, and what a hook does when there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def start_companion(
    program: str, session_id: str, incarnation: str, project: str, point: str
) -> None:
    """Start the process that keeps a session; of two that are started at once, one goes away again."""
    task = {
        "program": program,
        "session_id": session_id,
        "incarnation": incarnation,
        "project": project,
        "point": point,
    }
    with Path(f"{point}.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "holdfast.hooks.companion", json.dumps(task)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=project,
            start_new_session=True,  # what stops the agent's process group does not stop it
        )


def is_open_when_unsure() -> bool:
    """Whether the settings let a session go on of which nobody can say whether it may."""
    from holdfast import config  # noqa: PLC0415
    from holdfast.errors import HoldfastError  # noqa: PLC0415

    try:
        return config.load().hooks_when_unsure == "open"
    except HoldfastError:
        return os.environ.get("HOLDFAST_HOOKS_WHEN_UNSURE") == "open"
