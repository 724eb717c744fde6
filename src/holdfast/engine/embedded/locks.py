"""File locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.errors import EmbeddedServerFailed

_POLL_SECONDS = 0.02


class FileLock:
    """One lock on a file: each has its own open file, so that one process can hold several.

    The file is closed in programs that the process starts, and in its forked children: they must not hold what
    it has left.
    """

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        _open.add(self)

    def try_exclusive(self) -> bool:
        """Take it alone if nobody has it."""
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take it together with others who share it."""
        return self._try(fcntl.LOCK_SH)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def hand_over(self) -> None:
        """Close the file here; the lock stays with the programs that inherited it."""
        _open.discard(self)
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def release(self) -> None:
        """Give the lock up, also where a child process between fork and exec has the file open."""
        if self.fd >= 0:
            fcntl.flock(self.fd, fcntl.LOCK_UN)
            self.hand_over()


_open: set[FileLock] = set()


def _close_all() -> None:
    for lock in list(_open):
        lock.hand_over()


os.register_at_fork(after_in_child=_close_all)


@contextmanager
def exclusive(path: Path, deadline: float) -> Iterator[None]:
    """Hold a lock alone while the block runs.

    Raises:
        EmbeddedServerFailed: others held it until the deadline.
    """
    lock = FileLock(path)
    try:
        while not lock.try_exclusive():
            if time.monotonic() > deadline:
                raise EmbeddedServerFailed(
                    f"Another process is still starting or stopping the server: it holds {path}.",
                    hint="Wait and try again; `fuser -v` on that file names the process.",
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        lock.release()
