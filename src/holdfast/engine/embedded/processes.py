"""The server's processes: which one is the postmaster, and ending those that outlived it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
        lines = (cluster / "postmaster.pid").read_text().splitlines()
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
        # PostgreSQL's processes all work in their data directory; this survives a move of it.
        in_cluster = (_PROC / str(pid) / "cwd").samefile(cluster)
        return in_cluster and (_PROC / str(pid) / "comm").read_text().strip() == "postgres"
    except OSError:
        return False


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
    if sys.platform == "linux":
        for pid in [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]:
            signal_server(pid, cluster, number)
