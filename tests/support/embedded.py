"""What the tests of the embedded server need: folders, queries, and looks at its processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from holdfast.engine import embedded
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import children_of, is_alive, kill, wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
on_linux = pytest.mark.skipif(not Path("/proc/net").is_dir(), reason="it looks into /proc")


@contextmanager
def open_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="holdfast-embedded-"))
    made.chmod(0o777)
    try:
        yield made
    finally:
        _end_servers(made)
        shutil.rmtree(made)


def _end_servers(made: Path) -> None:
    for found in made.rglob("postmaster.pid"):
        with suppress(OSError, ValueError, IndexError):
            pid = int(found.read_text().splitlines()[0])
            if Path(f"/proc/{pid}/cwd").samefile(found.parent):
                kill(pid, *children_of(pid))


def query(url: str, statement: str) -> Any:
    """The first value of a statement, over a connection of its own."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def postmaster(data_dir: Path) -> int:
    """The postmaster of the server that runs."""
    pid = embedded.is_running(data_dir).pid
    assert pid is not None
    return pid


def cluster(data_dir: Path) -> Path:
    return data_dir / "cluster"


@contextmanager
def busy_query(url: str) -> Iterator[None]:
    """A query that goes on for long and does not notice the end of its postmaster."""

    async def begin() -> asyncpg.Connection:
        return await asyncpg.connect(url)

    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(begin())
    spin = "do $$ begin perform count(*) from generate_series(1, 1e12::bigint); end $$"
    running = loop.create_task(connection.execute(spin))
    is_active = "select count(*) from pg_stat_activity where query like 'do %' and state = 'active'"
    wait_until(
        lambda: loop.run_until_complete(asyncio.sleep(0)) or query(url, is_active), "the query"
    )
    try:
        yield
    finally:
        with suppress(Exception):
            loop.run_until_complete(asyncio.wait_for(running, PATIENCE_SECONDS))
        connection.terminate()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def works_in(cluster: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").samefile(cluster):
                found.append(int(entry.name))
    return [pid for pid in found if is_alive(pid)]
