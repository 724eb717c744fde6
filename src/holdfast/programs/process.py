"""A program that we start, under a warden: however it, we or both end, nothing of it is left running."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from holdfast.programs import warden

GRACE_SECONDS = 5.0
# How much longer than the program's grace the warden itself may need.
_MARGIN_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Loaded here, once: between fork and exec nothing may be loaded.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Process:
    """A running program."""

    def __init__(self, process: asyncio.subprocess.Process, link: socket.socket) -> None:
        self._process = process
        self._link = link
        self._failure: str | None = None

    @property
    def stdout(self) -> asyncio.StreamReader:
        """What it prints."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def stderr(self) -> asyncio.StreamReader:
        """Its complaints, where they were asked for apart."""
        assert self._process.stderr is not None
        return self._process.stderr

    @property
    def returncode(self) -> int | None:
        """How it ended; negative for a signal."""
        return self._process.returncode

    @property
    def failure(self) -> str | None:
        """Why the program could not be started, if it could not; known once it has ended."""
        return self._failure

    async def wait(self) -> None:
        """Wait until it, and all that it started, has ended."""
        await self._process.wait()
        with contextlib.suppress(OSError):
            if told := self._link.recv(16):
                self._failure = os.strerror(int(told))

    async def end(self) -> None:
        """End what is left of it: first it may tidy up, then it must go. Ending twice is safe."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE_SECONDS + _MARGIN_SECONDS):
                    await self.wait()
        self._link.close()
        await self._process.wait()


async def start(
    command: Sequence[str],
    *,
    cwd: str | None,
    environment: Mapping[str, str],
    stderr_apart: bool = False,
) -> Process:
    """Start a program; whether it could be is known when it has ended.

    Raises:
        OSError: its folder is not there.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    under = [sys.executable, "-I", "-S", str(Path(warden.__file__)), str(GRACE_SECONDS)]
    try:
        process = await asyncio.create_subprocess_exec(
            *under,
            *command,
            cwd=cwd,
            env=environment,
            stdin=theirs.fileno(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if stderr_apart else asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_leash,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return Process(process, ours)


def how_it_ended(returncode: int | None) -> str:
    """An exit code or a signal, in words."""
    if returncode is not None and returncode < 0:
        return f"ended by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"


def _leash() -> None:
    """Between fork and exec: what the warden's program leaves behind becomes the warden's, and it hears of our end.

    Linux only; elsewhere it hears of our end by the socket alone, and finds its program's group alone.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGHUP)
