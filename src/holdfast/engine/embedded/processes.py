"""The server's processes: which one is the postmaster, and ending those that outlived it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from holdfast.engine.embedded.identity import identity_for

_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class PidFile:
    """What the running server wrote about itself."""

    pid: int
    socket_dir: Path | None
    """Unset until the server listens."""


def read_pid_file(cluster: Path) -> PidFile | None:
    """The server's `postmaster.pid`, which may be stale or half written."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        socket_dir = lines[4].strip() if len(lines) > 4 else ""  # noqa: PLR2004 -- PostgreSQL's fifth line
        return PidFile(pid=int(lines[0]), socket_dir=Path(socket_dir) if socket_dir else None)
    except (FileNotFoundError, IndexError, ValueError):
        return None


def is_server(pid: int, cluster: Path) -> bool:
    """Whether a process is one of PostgreSQL's in this data directory, and not a stranger with its old id."""
    if sys.platform != "linux":
        shown = subprocess.run(
            ["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False
        )
        return Path(shown.stdout.strip()).name == "postgres"
    try:
        if (_PROC / str(pid) / "comm").read_text(encoding="utf-8").strip() != "postgres":
            return False
        # PostgreSQL's processes all work in their data directory; this survives a move of it.
        return (_PROC / str(pid) / "cwd").samefile(cluster)
    except PermissionError:
        return _is_server_to_its_user(pid, cluster)
    except OSError:
        return False


def _is_server_to_its_user(pid: int, cluster: Path) -> bool:
    # In a container root usually lacks CAP_SYS_PTRACE, without which another user's process does not say where it
    # works. The server's own user may look.
    owner = identity_for(cluster)
    same = '[ "/proc/$0/cwd" -ef "$1" ]'
    return not owner.is_us and owner.can_run(["/bin/sh", "-c", same, str(pid), str(cluster)])


def _parent_of(pid: int) -> int | None:
    try:
        return int(
            (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
        )
    except OSError:
        return None


def signal_server(pid: int, cluster: Path, number: signal.Signals) -> None:
    """Signal a process if it is the server's."""
    if is_server(pid, cluster):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_orphans(cluster: Path, number: signal.Signals) -> None:
    """Signal the processes of a server whose postmaster is gone, as it would have done itself.

    A busy query notices the death of its postmaster only when it ends, and no new server can start before.
    Elsewhere than on Linux there is no cheap way to find them, and their end is waited for.
    """
    if sys.platform != "linux":
        return
    members = {int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()}
    members = {pid for pid in members if is_server(pid, cluster)}
    # One that has children there is a postmaster that lives, in a container whose process ids are not ours.
    if not any(_parent_of(pid) in members for pid in members):
        for pid in members:
            signal_server(pid, cluster, number)
