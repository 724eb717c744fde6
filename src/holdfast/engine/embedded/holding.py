"""A server in use: who holds it, and leaving it."""

from __future__ import annotations

import atexit
import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from holdfast.engine.embedded import cluster, folder, probe, server
from holdfast.engine.embedded.folder import Home
from holdfast.engine.embedded.locks import FileLock
from holdfast.errors import EmbeddedServerFailed, HoldfastError

_LEAVE_SECONDS = 60.0


class Hold:
    """One use of a server by this process; the kernel ends it with the process."""

    def __init__(self, home: Home, lock: FileLock) -> None:
        self.home = home
        self._lock: FileLock | None = lock
        self._pid = os.getpid()
        self._mutex = Lock()

    @classmethod
    def take(cls, home: Home) -> Hold:
        """Begin to use it; the caller has `start.lock`, under which nobody holds it exclusively."""
        lock = FileLock(home.holders_lock)
        if not lock.try_shared():
            lock.release()
            raise EmbeddedServerFailed(
                f"Another program has locked {home.holders_lock}.",
                hint="End that program, then try again.",
            )
        hold = cls(home, lock)
        _held.add(hold)
        return hold

    def drop(self) -> bool:
        """No longer use it; false if that was so already."""
        with self._mutex:
            lock, self._lock = self._lock, None
        _held.discard(self)
        if lock is None:
            return False
        lock.release()
        return True

    @property
    def is_ours(self) -> bool:
        """Whether this process uses it: a forked child has nothing of its parent's."""
        return self._lock is not None and self._pid == os.getpid()

    def leave(self) -> None:
        """No longer use it, and stop it if nobody else does."""
        if not self.is_ours:
            return
        if not self.home.path.exists():  # Its server ends by itself.
            self.drop()
            return
        try:
            with self.home.starting(time.monotonic() + _LEAVE_SECONDS):
                if self.drop():
                    stop_if_unused(self.home)
        finally:
            self.drop()


_held: set[Hold] = set()


@dataclass(frozen=True, kw_only=True)
class EmbeddedServer:
    """A server in use until `leave`; leaving twice is safe."""

    data_dir: Path
    socket_dir: Path
    port: int = probe.PORT
    hold: Hold = field(repr=False, compare=False)
    bin_dir: Path | None = field(default=None, repr=False, compare=False)
    fsync: bool = field(default=True, repr=False, compare=False)

    @property
    def url(self) -> str:
        """The database's address, for asyncpg as well as for psql; it stays the same over restarts."""
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql:///{cluster.DATABASE}?host={host}&port={self.port}&user={cluster.SUPERUSER}"

    def is_up(self) -> bool:
        """Whether its processes are there; not whether it answers."""
        return server.is_up(self.hold.home)

    def revive(self, *, timeout_seconds: float = 60) -> None:
        """Start the server again if it was killed while it was in use.

        Raises:
            EmbeddedServerFailed: it does not start, or this process has left it.
            DiskFull: the disk is full.
        """
        if not self.hold.is_ours:
            raise EmbeddedServerFailed(
                f"This process no longer uses the server of {self.data_dir}.", hint="Join it again."
            )
        deadline = time.monotonic() + timeout_seconds
        with folder.errors_explained(self.data_dir), self.hold.home.starting(deadline):
            server.ensure(self.hold.home, bin_dir=self.bin_dir, fsync=self.fsync, deadline=deadline)

    def leave(self) -> None:
        """Stop using it; the last one to leave stops it, unless it is kept."""
        with folder.errors_explained(self.data_dir):
            self.hold.leave()


def stop_if_unused(home: Home) -> None:
    """Stop the server if nobody holds or keeps it; the caller has `start.lock`."""
    if home.keep_file.exists():
        return
    lock = FileLock(home.holders_lock)
    try:
        if lock.try_exclusive():
            server.stop(home)
    finally:
        lock.release()


@atexit.register
def _leave_all() -> None:
    for hold in list(_held):
        with contextlib.suppress(HoldfastError, OSError):
            hold.leave()
