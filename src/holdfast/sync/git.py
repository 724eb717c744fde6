"""Where git stands in a folder: read from git's own files, so looking starts no program and needs none installed."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from enum import StrEnum
from pathlib import Path

from holdfast.errors import HoldfastError

_REFERENCE = "ref: refs/heads/"
_IN_A_TABLE = ".invalid"
"""What `HEAD` names where git keeps its references in a table of its own: only git can read that."""
_WORD = re.compile(r"[A-Za-z0-9]+")
_MOST_WORDS = 30
TIMEOUT_SECONDS = 10.0


class Head(StrEnum):
    """What git has checked out."""

    BRANCH = "branch"
    DETACHED = "detached"
    """A commit, as in a rebase."""
    NO_GIT = "no git"
    """The folder is in no repository, or that cannot be read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorkTree:
    """One work tree of a repository, and what is checked out there."""

    head: Head
    folder: Path | None = None
    """Its root."""
    branch: str | None = None


def read_work_tree(start: Path) -> WorkTree:
    """The work tree that a folder is in.

    >>> read_work_tree(Path("/")).head
    <Head.NO_GIT: 'no git'>
    """
    start = start.resolve()  # else one folder under two names would be two work trees
    for folder in (start, *start.parents):
        git = folder / ".git"
        try:
            if git.is_file():  # a work tree of its own: the file says where git keeps it
                git = folder / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
            head = (git / "HEAD").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        return _checked_out(folder, head)
    return WorkTree(head=Head.NO_GIT)


def _checked_out(folder: Path, head: str) -> WorkTree:
    branch = head.removeprefix(_REFERENCE)
    if branch == _IN_A_TABLE:
        try:
            branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD").strip()
        except HoldfastError:
            return WorkTree(head=Head.NO_GIT, folder=folder)
        return WorkTree(head=Head.BRANCH, folder=folder, branch=branch)
    if branch == head:
        return WorkTree(head=Head.DETACHED, folder=folder)
    return WorkTree(head=Head.BRANCH, folder=folder, branch=branch)


def current_branch(start: Path) -> str | None:
    """The branch that a folder's work tree is on; unset without git, and where no branch is checked out.

    >>> current_branch(Path("/")) is None
    True
    """
    return read_work_tree(start).branch


def keys_in(branch: str) -> list[str]:
    """What in a branch's name may be a directive's key: whole words, as written and in capitals, the longest first.

    >>> keys_in("fix/sd-1")
    ['fix/sd-1', 'FIX/SD-1', 'fix/sd', 'FIX/SD', 'sd-1', 'SD-1', 'fix', 'FIX', 'sd', 'SD', '1']
    """
    words = list(_WORD.finditer(branch))[:_MOST_WORDS]
    found = [branch[a.start() : b.end()] for i, a in enumerate(words) for b in words[i:]]
    found.sort(key=len, reverse=True)
    return list(dict.fromkeys(key for one in found for key in (one, one.upper())))


def branches(folder: Path) -> list[str]:
    """The names of a repository's branches.

    Raises:
        HoldfastError: git is not installed, or says no.
    """
    return _git(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/").splitlines()


def switch_branch(folder: Path, branch: str) -> None:
    """Check a branch out; what is not committed stays, or git refuses.

    Raises:
        HoldfastError: git is not installed, or says no.
    """
    _git(folder, "switch", "--quiet", "--no-guess", branch)


def _environment() -> dict[str, str]:
    """Ours, without what makes git look at another repository than the folder's, as it does inside git's own hooks."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "LC_ALL": "C"}


def _git(folder: Path, *arguments: str) -> str:
    try:
        ran = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            check=False,
            env=_environment(),
        )
    except FileNotFoundError:
        raise HoldfastError("git is not installed.", hint="Install git.") from None
    except subprocess.TimeoutExpired:
        raise HoldfastError(
            f"git {arguments[0]} did not end within {TIMEOUT_SECONDS:.0f} s.",
            hint=f"See what holds it up: git -C {folder} {' '.join(arguments)}",
        ) from None
    if ran.returncode != 0:
        why = (ran.stderr.strip() or f"exit code {ran.returncode}").splitlines()[0]
        raise HoldfastError(f"git {arguments[0]}: {why}", hint=f"Look at: git -C {folder} status")
    return ran.stdout
