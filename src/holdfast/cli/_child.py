"""A program on this terminal, in a process group of its own that can be stopped as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from holdfast.cli import _group_guard

GRACE_SECONDS = 5.0
PASSED_ON = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
)


class Child:
    """A running program."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._terminal = _terminal()
        self._process = subprocess.Popen(command, env=environment, process_group=0)
        self.group = self._process.pid
        self.to_foreground()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(_group_guard.__file__)), str(self.group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def has_terminal(self) -> bool:
        """Whether it was given the terminal that we were given."""
        return self._terminal is not None

    async def wait(self) -> int | None:
        """Wait until it has ended, or is stopped; gives its exit code, negative for a signal, or nothing if stopped."""
        _, status = await asyncio.to_thread(os.waitpid, self._process.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return None
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode

    def pass_on(self, number: signal.Signals) -> None:
        """Give a signal that this process got to the whole group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, number)

    async def stop(self, waiting: asyncio.Task[int | None]) -> None:
        """End what is left of the group: first it may tidy up, then it must go."""
        if self._process.returncode is None:
            for number in (signal.SIGTERM, signal.SIGCONT):
                self.pass_on(number)
            await asyncio.wait({waiting}, timeout=GRACE_SECONDS)
        self.pass_on(signal.SIGKILL)
        await waiting
        while self._process.returncode is None:
            await self.wait()

    def to_foreground(self) -> None:
        """Let it read from the terminal; what it tried before is taken up again."""
        if self._terminal is not None and os.tcgetpgrp(self._terminal) == os.getpgrp():
            os.tcsetpgrp(self._terminal, self.group)
        self.pass_on(signal.SIGCONT)

    def to_background(self) -> None:
        """Take the terminal back."""
        if self._terminal is not None:
            before = signal.signal(
                signal.SIGTTOU, signal.SIG_IGN
            )  # who is in the background may not
            with contextlib.suppress(OSError):
                os.tcsetpgrp(self._terminal, os.getpgrp())
            signal.signal(signal.SIGTTOU, before)

    def close(self) -> None:
        """It has ended: nobody need look after its group any more."""
        self.to_background()
        with contextlib.suppress(OSError):
            self._guard.communicate(b".")
        if self._terminal is not None:
            os.close(self._terminal)


def _terminal() -> int | None:
    """This process's terminal, if it is in the foreground there."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    if os.tcgetpgrp(terminal) == os.getpgrp():
        return terminal
    os.close(terminal)
    return None
