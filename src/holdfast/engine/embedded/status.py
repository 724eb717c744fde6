"""What `holdfast status` shows about the embedded server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from holdfast.engine.embedded import cluster, probe, processes
from holdfast.engine.embedded.folder import Home
from holdfast.engine.embedded.probe import Answer

_LOCKS = Path("/proc/locks")


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """The embedded server at one moment."""

    data_dir: Path
    running: bool
    pid: int | None
    holders: tuple[int, ...]
    """The processes that use it, as far as the operating system shows them (Linux)."""
    kept: bool
    version: int | None
    """The major version that made the data; unset when there is none."""


def status(home: Home | None, data_dir: Path) -> ServerStatus:
    """Look, and touch nothing."""
    if home is None:
        return ServerStatus(
            data_dir=data_dir, running=False, pid=None, holders=(), kept=False, version=None
        )
    found = processes.read_pid_file(home.cluster)
    running = (
        found is not None
        and found.socket_dir is not None
        and processes.is_server(found.pid, home.cluster)
        and probe.ask(found.socket_dir, user=cluster.SUPERUSER, database=cluster.DATABASE)
        is not Answer.NONE
    )
    return ServerStatus(
        data_dir=data_dir,
        running=running,
        pid=found.pid if found and running else None,
        holders=_holders(home.holders_lock),
        kept=home.keep_file.exists(),
        version=cluster.made_by(home),
    )


def _holders(lock: Path) -> tuple[int, ...]:
    """The processes that the kernel lists for a lock file: `1: FLOCK ADVISORY READ 4242 fd:01:1234 0 EOF`."""
    try:
        inode = str(lock.stat().st_ino)
        rows = [row.split() for row in _LOCKS.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return ()
    found = {
        int(row[4])
        for row in rows
        if row[1] == "FLOCK" and row[3] == "READ" and row[5].rsplit(":", 1)[-1] == inode
    }
    return tuple(sorted(found))
