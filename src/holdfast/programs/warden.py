"""Stands between a worker and a program that it started, so that nothing of the program outlives either.

It is run as a file of its own, with the standard library only: `warden.py GRACE_SECONDS PROGRAM ARGUMENTS…`. Its
standard input is a socket to the worker. When that closes, which it does when the worker is killed, all ends at once; on SIGTERM
the program may tidy up first. Orphans become its children, because the worker made it their subreaper, so it finds
also those that left their process group.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

LINK = 0
# Signals that Python ignores for itself, and a program would inherit so.
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)


class Warden:
    """Watches one program."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._deadline: float | None = None
        self._asked_to_end = False
        self._is_orphan = False
        self._status: int | None = None
        self._program = 0
        self._bell, bell = os.pipe()
        os.set_blocking(bell, False)
        os.set_blocking(self._bell, False)
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _hear)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGHUP, self._lose_worker)

    def run(self, command: list[str]) -> int:
        """Start the program and wait until it, and all that it started, is gone; gives its wait status."""
        self._program = _start(command)
        while self._status is None and self._wait():
            self._reap(os.WNOHANG)
        self._end_all()
        return self._status or 0

    def _ask(self, *_: object) -> None:
        self._asked_to_end = True

    def _lose_worker(self, *_: object) -> None:
        self._is_orphan = True

    def _wait(self) -> bool:
        """Wait for something to happen; says whether the program may go on."""
        if self._asked_to_end and self._deadline is None:
            self._deadline = time.monotonic() + self._grace_seconds
            with suppress(ProcessLookupError):
                os.killpg(self._program, signal.SIGTERM)
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        ready, _, _ = select.select([LINK, self._bell], [], [], left)
        with suppress(BlockingIOError):
            os.read(self._bell, 512)
        return bool(ready) and LINK not in ready and not self._is_orphan

    def _reap(self, options: int) -> None:
        with suppress(ChildProcessError):
            pid, status = os.waitpid(-1, options)
            while pid:
                if pid == self._program:
                    self._status = status
                pid, status = os.waitpid(-1, os.WNOHANG)

    def _end_all(self) -> None:
        """End what is left. The children of what has ended become ours, so it goes on until there are none."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._program, signal.SIGKILL)
        while children := _children():
            for pid in children:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap(0)
        self._reap(0)


def _hear(*_: object) -> None:
    """A signal that is only to wake up `select`."""


def _start(command: list[str]) -> int:
    """Start the program in a group of its own, without a terminal; why it could not be started goes to the worker."""
    pid = os.fork()
    if pid:
        return pid
    link = os.dup(LINK)
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), LINK)
        for number in _RESTORED:
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606 - a shell is the user's to ask for
    except OSError as error:
        os.write(link, str(error.errno).encode())
    finally:
        os._exit(127)


def _children() -> list[int]:
    """The children of this process, where the system tells them (Linux)."""
    try:
        return [
            int(pid)
            for pid in Path(f"/proc/self/task/{os.getpid()}/children")
            .read_text(encoding="utf-8")
            .split()
        ]
    except FileNotFoundError:
        return []


def _end_like(status: int) -> None:
    """End as the program did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    _end_like(Warden(float(sys.argv[1])).run(sys.argv[2:]))
