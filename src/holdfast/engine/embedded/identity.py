"""The operating system's user that the server runs as; PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICE_USER = "holdfast"
_ATTEMPTS = 20
# What a server needs of its starter's environment. The rest (API keys, PG* variables) is not its business.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ", "TZDIR")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A user and its main group."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether it is the user this process runs as."""
        return self.uid == os.geteuid()

    def popen_options(self) -> dict[str, Any]:
        """How `subprocess` starts a program as this user, in a folder it can be in, with a bare environment."""
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        options: dict[str, Any] = {"cwd": "/", "env": environment | {"LC_ALL": "C"}, "umask": 0o077}
        if not self.is_us:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def own(self, path: Path) -> None:
        """Give a new file or folder to this user."""
        if not self.is_us:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, folder: Path) -> bool:
        """Whether it can reach what lies in a folder; asked of the kernel, which knows all the rules."""
        return self.is_us or self.can_run(["/bin/sh", "-c", 'cd -- "$0"', str(folder)])

    def can_run(self, command: list[str]) -> bool:
        """Whether a program starts and ends well as this user."""
        try:
            done = subprocess.run(
                command, capture_output=True, check=False, timeout=30, **self.popen_options()
            )
        except PermissionError:
            return False
        return done.returncode == 0


def identity_for(cluster: Path) -> Identity:
    """Who runs the server: whoever owns its files; for new ones the user, and for root a service user."""
    try:
        found = cluster.stat()
    except FileNotFoundError:
        pass
    else:
        if found.st_uid != 0:
            return Identity(uid=found.st_uid, gid=found.st_gid)
    if os.geteuid() != 0:
        return Identity(uid=os.geteuid(), gid=os.getegid())
    return _service_user()


def _service_user() -> Identity:
    for _ in range(_ATTEMPTS):
        try:
            entry = pwd.getpwnam(SERVICE_USER)
            return Identity(uid=entry.pw_uid, gid=entry.pw_gid)
        except KeyError:
            command = _command_to_add()
            if command is None:
                break
            # A refusal may only mean that another process adds it at this moment.
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                time.sleep(0.1)
    entry = pwd.getpwnam("nobody")
    return Identity(uid=entry.pw_uid, gid=entry.pw_gid)


def _command_to_add() -> list[str] | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        return [useradd, *options, "--shell", "/usr/sbin/nologin", SERVICE_USER]
    adduser = shutil.which("adduser", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if adduser:  # Alpine's, which has no long options
        return [adduser, "-S", "-D", "-H", "-h", "/nonexistent", SERVICE_USER]
    return None
