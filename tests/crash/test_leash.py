"""Nothing that a program started outlives it or its worker, wherever it hides."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.programs.process import Process, start
from tests.support.processes import is_alive
from tests.support.workers import ended, until, worker

# A program with a child in its own group, and one that left it as daemons do: by two forks and a session of its own.
FAMILY = """
import os, signal, subprocess, sys, time
folder = sys.argv[1]
def note(name, pid):
    with open(f"{folder}/{name}.part", "w") as file:
        file.write(str(pid))
    os.rename(f"{folder}/{name}.part", f"{folder}/{name}")
note("child", subprocess.Popen(["sleep", "600"]).pid)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        note("daemon", os.getpid())
        time.sleep(600)
    os._exit(0)
while not os.path.exists(f"{folder}/daemon"):  # else it might be ended before it could note itself
    time.sleep(0.01)
note("program", os.getpid())
"""
MEMBERS = ("program", "child", "daemon")


@pytest.fixture
async def family(tmp_path: Path) -> AsyncIterator[Path]:
    """The folder in which the family notes its members; none of them is left after the test."""
    yield tmp_path
    for member in MEMBERS:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / member).read_text()), signal.SIGKILL)


async def begun(family: Path) -> list[int]:
    """The members' process ids, once all are there."""

    async def look() -> bool:
        return all((family / member).exists() for member in MEMBERS)

    await until(look)
    return [int((family / member).read_text()) for member in MEMBERS]


async def gone(pids: list[int]) -> None:
    async def look() -> bool:
        return not any(map(is_alive, pids))

    await until(look, seconds=10)


async def started(*command: str, **more: Any) -> Process:
    return await start(command, cwd=None, environment=os.environ, **more)


async def test_a_whole_family_of_processes_dies_with_the_worker_that_is_killed(
    engine: PostgresEngine, family: Path
) -> None:
    program = f"{FAMILY}\ntime.sleep(600)"
    await engine.call_value(
        "create_execution",
        name="family",
        kind="command",
        input={"command": [sys.executable, "-c", program, str(family)]},
    )
    with worker(engine.url) as running:
        pids = await begun(family)
        assert all(map(is_alive, pids))
        running.kill()
        await ended(running)

        await gone(pids)


async def test_what_a_program_leaves_behind_ends_with_it(family: Path) -> None:
    process = await started(sys.executable, "-c", FAMILY, str(family))
    pids = await begun(family)
    await process.wait()

    assert process.returncode == 0
    assert not any(map(is_alive, pids))
    await process.end()


async def test_a_program_that_is_ended_may_tidy_up_first() -> None:
    script = "trap 'echo tidy; exit 7' TERM; echo ready; while :; do sleep 0.1; done"
    process = await started("sh", "-c", script)
    assert await process.stdout.readline() == b"ready\n"

    await process.end()

    assert (await process.stdout.read()).endswith(b"tidy\n")
    assert process.returncode == 7


async def test_a_program_that_will_not_end_is_killed_with_all_it_has(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.programs.process.GRACE_SECONDS", 0.1)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    program = FAMILY.replace('note("program"', f'{deaf}; note("program"') + "\ntime.sleep(600)"
    process = await started(sys.executable, "-c", program, str(family))
    pids = await begun(family)

    await process.end()

    assert process.returncode == -signal.SIGKILL
    assert not any(map(is_alive, pids))


async def test_ending_a_program_twice_at_once_is_safe() -> None:
    process = await started("sleep", "600")

    await asyncio.gather(process.end(), process.end())

    assert process.returncode == -signal.SIGTERM
