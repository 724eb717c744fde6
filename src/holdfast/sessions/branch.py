"""The git branch of a folder, read from git's own files: no program is started for it."""

from __future__ import annotations

from pathlib import Path

_REFERENCE = "ref: refs/heads/"


def current_branch(start: Path) -> str | None:
    """The branch that a folder's work tree is on; unset without git, and where no branch is checked out.

    >>> current_branch(Path("/")) is None
    True
    """
    for folder in (start, *start.parents):
        git = folder / ".git"
        try:
            if git.is_file():  # a work tree of its own: the file says where git keeps it
                git = folder / git.read_text().removeprefix("gitdir:").strip()
            head = (git / "HEAD").read_text().strip()
        except (OSError, UnicodeDecodeError):
            continue
        return head.removeprefix(_REFERENCE) if head.startswith(_REFERENCE) else None
    return None
