"""Ending a program together with all that it started, and saying how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

GRACE_SECONDS = 5.0


async def end(process: asyncio.subprocess.Process) -> None:
    """End what is left of the process and its children: first it may tidy up, then it must go."""
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()


def how_it_ended(returncode: int | None) -> str:
    """In words.

    >>> how_it_ended(2), how_it_ended(-9)
    ('exit code 2', 'ended by SIGKILL')
    """
    if returncode is not None and returncode < 0:
        return f"ended by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
