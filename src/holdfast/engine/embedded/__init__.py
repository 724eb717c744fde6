"""The embedded server: a real PostgreSQL out of a wheel, shared by every process that names its folder.

Who uses the server is counted by the kernel, with file locks that a killed process loses at once. Three lock
files lie in the data folder:

`start.lock`    exclusive, for the short time of joining or leaving: one process at a time starts or stops.
`holders.lock`  shared, by each process for as long as it uses the server: who gets it exclusively is alone.
`server.lock`   exclusive, by the server's own processes, which inherit it: free means that all of them are gone.

They are always taken in this order. Process ids are only believed where a lock vouches for them.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from holdfast.engine.embedded import folder, server
from holdfast.engine.embedded.holding import EmbeddedServer, Hold, stop_if_unused
from holdfast.engine.embedded.status import ServerStatus, status
from holdfast.errors import EmbeddedServerFailed

__all__ = [
    "EmbeddedServer",
    "ServerStatus",
    "default_data_dir",
    "is_running",
    "join",
    "keep",
    "leave",
    "release",
]

_PROJECT_MARKS = ("holdfast.toml", ".holdfast", ".git")


def join(
    data_dir: Path, *, bin_dir: Path | None = None, fsync: bool = True, timeout_seconds: float = 60
) -> EmbeddedServer:
    """Use the server of a data folder, made and started when nobody has yet.

    A process may join more than once; each join is left by itself. A forked child joins by itself too.

    Args:
        data_dir: the folder that holds the database; made when there is none.
        bin_dir: the folder with `postgres` and `initdb`; the wheel's when unset.
        fsync: whether the server waits for the disk; only tests turn it off.
        timeout_seconds: how long to wait for others that start or stop it, and for it to answer.

    Raises:
        EmbeddedServerFailed: it cannot run there; the text says why and the hint what to do.
        DiskFull: the disk is full.
    """
    deadline = time.monotonic() + timeout_seconds
    with folder.errors_explained(data_dir):
        home = folder.prepare(data_dir, deadline)
        with home.starting(deadline):
            hold = Hold.take(home)
            try:
                socket_dir = server.ensure(home, bin_dir=bin_dir, fsync=fsync, deadline=deadline)
            except BaseException:
                hold.drop()
                # One that ran out of time may be in the middle of a recovery, which must come to its end some day.
                if time.monotonic() < deadline:
                    stop_if_unused(home)
                raise
    return EmbeddedServer(
        data_dir=data_dir, socket_dir=socket_dir, hold=hold, bin_dir=bin_dir, fsync=fsync
    )


def leave(held: EmbeddedServer) -> None:
    """Stop using a server; the last one to leave stops it, unless it is kept."""
    held.leave()


def keep(data_dir: Path) -> None:
    """Keep the server running when the last process leaves it, until `release`."""
    with folder.errors_explained(data_dir):
        home = folder.prepare(data_dir, time.monotonic() + 10)
        home.keep_file.touch()


def release(data_dir: Path, *, timeout_seconds: float = 60) -> None:
    """No longer keep the server: it stops now if nobody uses it, else with the last who leaves."""
    with folder.errors_explained(data_dir):
        home = folder.find(data_dir)
        if home is None:
            return
        with home.starting(time.monotonic() + timeout_seconds):
            home.keep_file.unlink(missing_ok=True)
            stop_if_unused(home)


def is_running(data_dir: Path) -> ServerStatus:
    """What is known about the server of a data folder, without starting or making anything."""
    with folder.errors_explained(data_dir):
        return status(folder.find(data_dir), data_dir)


def default_data_dir(start: Path) -> Path:
    """The data folder for work in a folder: its project's, else the user's own.

    Raises:
        EmbeddedServerFailed: there is no project and the user has no home folder.
    """
    start = start.absolute()
    try:
        user_dir = user_data_dir()
    except RuntimeError:
        user_dir = None
    for candidate in (start, *start.parents):
        # Not `Path.exists`, which fails where a folder above is closed to us.
        if any(os.path.exists(candidate / mark) for mark in _PROJECT_MARKS):  # noqa: PTH110
            return candidate / ".holdfast" / "postgres"
    if user_dir is None:
        raise EmbeddedServerFailed(
            "There is no project here and no home folder to keep the database in.",
            hint="Set HOLDFAST_DATA_DIR to a folder, or HOLDFAST_DATABASE_URL to a server.",
        )
    return user_dir


def user_data_dir() -> Path:
    """The data folder for work that belongs to no project.

    Raises:
        RuntimeError: the user has no home folder.
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "holdfast" / "postgres"
    named = os.environ.get("XDG_DATA_HOME", "")
    # The XDG rules: a relative path there is to be ignored.
    base = Path(named) if named.startswith("/") else Path.home() / ".local" / "share"
    return base / "holdfast" / "postgres"
