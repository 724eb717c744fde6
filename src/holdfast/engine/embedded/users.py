"""Whose process the server is: one's own, or, for root, as whom PostgreSQL refuses to run, a user without rights."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pwd
import stat
import subprocess
from pathlib import Path

NAME = "holdfast"


@dataclasses.dataclass(frozen=True)
class User:
    """An operating-system user."""

    name: str
    uid: int
    gid: int


def server_user(cluster: Path) -> User | None:
    """As whom the server of a cluster runs; None means as oneself."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(OSError, KeyError):
        owner = cluster.stat().st_uid
        if owner != 0:
            return _from(pwd.getpwuid(owner))
    return _service_user()


def _service_user() -> User:
    for attempt in range(2):
        with contextlib.suppress(KeyError):
            return _from(pwd.getpwnam(NAME))
        if attempt == 0:
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                subprocess.run(
                    [
                        "useradd",
                        "--system",
                        "--no-create-home",
                        "--shell",
                        "/usr/sbin/nologin",
                        NAME,
                    ],
                    check=True,
                    capture_output=True,
                )
    return _from(pwd.getpwnam("nobody"))


def reaches(user: User, path: Path) -> bool:
    """Whether a user may go into a folder and all folders above it; nothing is changed to make it so."""
    path = path.resolve()
    return all(_may_enter(user, folder) for folder in (path, *path.parents) if folder.exists())


def _may_enter(user: User, folder: Path) -> bool:
    found = folder.stat()
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _from(entry: pwd.struct_passwd) -> User:
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)
