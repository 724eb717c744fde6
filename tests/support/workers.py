"""Real worker processes of a test's own, and what a test reads of the database beside them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from holdfast.config import Settings
from holdfast.engine import connections
from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
APP = "tests.crash.app:hf"
LEASE_SECONDS = 1.0

_Found = TypeVar("_Found")


def environment(url: str | None, **settings: object) -> dict[str, str]:
    """The environment of a Holdfast process: nothing of ours but what the test says."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HOLDFAST_") or name == "HOLDFAST_TEST_SERVER_URL"
    }
    given = {"database_url": url, **settings}
    named = {f"HOLDFAST_{name.upper()}": str(v) for name, v in given.items() if v is not None}
    return {**clean, **named, "COLUMNS": "200"}


@contextmanager
def process(
    *arguments: str, env: Mapping[str, str], cwd: Path = ROOT, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A Python process that is gone when the block ends, paused or not."""
    started = subprocess.Popen(
        [sys.executable, *arguments],
        env=env,
        cwd=cwd,
        text=True,
        **options,
    )
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        started.communicate()


@contextmanager
def worker(
    url: str,
    *,
    app: str | None = APP,
    venture: str | None = None,
    failpoint: str | None = None,
    lease_seconds: float = LEASE_SECONDS,
    **settings: object,
) -> Iterator[subprocess.Popen[str]]:
    """A `holdfast worker`."""
    arguments = ["-m", "holdfast", "worker"]
    arguments += ["--app", app] if app else []
    arguments += ["--venture", venture] if venture else []
    env = environment(url, lease_seconds=lease_seconds, failpoint=failpoint, **settings)
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with process(*arguments, env=env, **quiet) as started:
        yield started


def holdfast(
    *arguments: str, url: str | None, cwd: Path, **settings: object
) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "holdfast", *arguments],
        env=environment(url, **settings),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


async def until(
    look: Callable[[], Awaitable[_Found | None]], *, seconds: float = PATIENCE_SECONDS
) -> _Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {look}"
        await asyncio.sleep(0.05)
    return found


async def ended(started: subprocess.Popen[str], *, seconds: float = PATIENCE_SECONDS) -> int:
    """The exit code of a process, once it has ended."""
    return await asyncio.to_thread(started.wait, seconds)


async def paused(started: subprocess.Popen[str]) -> None:
    """Pause a process, and wait until the kernel has done so."""
    started.send_signal(signal.SIGSTOP)

    async def is_stopped() -> bool:
        return Path(f"/proc/{started.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    await until(is_stopped)


class Rows:
    """What a test reads beside the engine, over a connection of its own."""

    def __init__(self, connection: connections.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()  # a connection does one thing at a time

    async def all(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Every row of a query."""
        async with self._turn:
            return await self._connection.fetch(query, *arguments)

    async def one(self, query: str, *arguments: Any) -> Any:
        """The first value of a query."""
        async with self._turn:
            return await self._connection.fetchval(query, *arguments)

    async def events(self, stream_id: UUID, *types: str) -> list[asyncpg.Record]:
        """The events of a stream, in order; of these types, if any are named."""
        return await self.all(
            "select * from holdfast.events where stream_id = $1"
            " and ($2::text[] = '{}' or type = any ($2)) order by seq",
            stream_id,
            list(types),
        )

    async def gaps(self) -> list[asyncpg.Record]:
        """The streams whose events are not numbered 1, 2, 3 …"""
        return await self.all(
            "select stream, stream_id from holdfast.events group by 1, 2"
            " having min(seq) <> 1 or max(seq) <> count(*) or count(distinct seq) <> count(*)"
        )

    async def fingerprint(self) -> dict[str, str]:
        """A digest of every row of every table: equal only if nothing at all was written."""
        tables = await self.all(
            "select c.oid::regclass::text as name from pg_class c"
            " where c.relnamespace = 'holdfast'::regnamespace and c.relkind = 'r'"
        )
        return {
            table["name"]: await self.one(
                "select md5(coalesce(string_agg(t::text, '|' order by t::text), ''))"
                f" from {table['name']} t"
            )
            for table in tables
        }


@asynccontextmanager
async def rows_of(url: str) -> AsyncIterator[Rows]:
    """A connection for reading what is in a database."""
    connection = await connections.connect(url, Settings())
    try:
        yield Rows(connection)
    finally:
        await connection.close()
