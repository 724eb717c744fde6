"""Who uses a server, counted by locks that the kernel releases when a process ends, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Hold:
    """A shared lock on the holders' file, for as long as the server is used."""

    def __init__(self, data_dir: Path) -> None:
        self._descriptor = _open(data_dir / "holders.lock")
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def drop(self) -> None:
        """Use it no longer; dropping twice is safe."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextlib.contextmanager
def starting_or_stopping(data_dir: Path) -> Iterator[None]:
    """One process at a time decides whether the server has to start or may stop."""
    descriptor = _open(data_dir / "start.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def anybody(data_dir: Path) -> bool:
    """Whether any process holds the server."""
    descriptor = _open(data_dir / "holders.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(file: Path) -> int:
    """Closed on exec, so that a program started from here does not count as a holder."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
