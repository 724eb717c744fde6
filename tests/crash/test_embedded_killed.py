"""The embedded server dies under a program that goes on by itself."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine import embedded, opening
from holdfast.errors import DatabaseUnavailable
from tests.support.workers import until


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that a server run by another user for root can get into."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-killed-"))
    folder.chmod(0o711)
    yield folder / "postgres"
    shutil.rmtree(folder, ignore_errors=True)


async def _is_running(data_dir: Path) -> bool:
    state = await asyncio.to_thread(embedded.is_running, data_dir)
    return state.running


async def test_a_killed_server_comes_back_for_the_program_that_uses_it(data_dir: Path) -> None:
    async with Holdfast(Settings(data_dir=data_dir)) as hf:
        async with hf.execution("before") as run:
            run.log("kept")
        pid = embedded.is_running(data_dir).pid
        assert pid is not None

        os.kill(pid, signal.SIGKILL)

        async def works_again() -> bool:
            try:
                async with hf.execution("after"):
                    return True
            except DatabaseUnavailable:
                return False

        await until(works_again)
        types = []
        async for event, _ in hf.events(since="start"):
            types.append((event.stream_id == run.id, event.type))
            if types[-1] == (False, "execution.completed"):
                break
        assert (True, "execution.completed") in types
    assert not await _is_running(data_dir)


async def test_who_is_cancelled_while_the_server_starts_does_not_keep_it(data_dir: Path) -> None:
    embedded.join(data_dir).leave()
    with (data_dir / "start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the start goes no further than this

        async def use() -> None:
            async with opening.database(Settings(data_dir=data_dir)):
                pass

        using = asyncio.create_task(use())
        await asyncio.sleep(0)
        using.cancel()
        with pytest.raises(asyncio.CancelledError):
            await using

    async def is_left() -> bool:
        # Who would keep it would be a holder, and the last to leave stops it.
        held = await asyncio.to_thread(embedded.join, data_dir)
        await asyncio.to_thread(held.leave)
        return not await _is_running(data_dir)

    await until(is_left)
