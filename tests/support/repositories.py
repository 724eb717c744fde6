"""Real git repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_NOBODY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{
        f"GIT_{who}_{what}": "nobody@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}


def git(folder: Path, *arguments: str) -> str:
    """Run git, without anybody's configuration."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GIT_")}
    ran = subprocess.run(
        ["git", "-C", folder, *arguments],
        env={**environment, **_NOBODY},
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout


def repository(folder: Path, *branches: str) -> Path:
    """A repository on `main` with one commit, and further branches."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "file").write_text("one")
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "--message", "one")
    for branch in branches:
        git(folder, "branch", branch)
    return folder
