"""A server of a test's own, on a real disk, which the test may kill."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.patience import PATIENCE_SECONDS


class CrashableServer:
    """PostgreSQL as the system's `nobody`, which it must not be root for; fsync is on."""

    def __init__(self, folder: Path, bin_dir: Path) -> None:
        self.folder = folder
        self.url = self.url_of("postgres")
        self._bin_dir = bin_dir
        self._process: subprocess.Popen[bytes] | None = None

    def url_of(self, database: str, *, through: Path | None = None) -> str:
        """The address of a database, by the socket in the server's folder or in another one."""
        return f"postgresql:///{database}?host={through or self.folder}&user=holdfast"

    def create(self) -> None:
        """Make the cluster."""
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "holdfast", "-A", "trust", "-E", "UTF8", "--no-sync")

    async def start(self) -> None:
        """Start it and wait until it answers; what a killed server left is recovered first."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._answers():
                # Until the children of a killed server are gone, a new one gives up at once.
                if self._process is None or self._process.poll() is not None:
                    self._process = self._launch()
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: what was not on the disk is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    async def restart_after_kill(self) -> None:
        """Kill it and bring it back."""
        self.kill()
        await self.start()

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    def _launch(self) -> subprocess.Popen[bytes]:
        options = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "on"}
        arguments = [f"-c{name}={value}" for name, value in options.items()]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._bin_dir / "postgres", "-D", self.folder / "data", *arguments],
                stdout=log,
                stderr=log,
                cwd="/",
                **_as_nobody(),
            )

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._bin_dir / program, *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            **_as_nobody(),
        )


@contextmanager
def crashable_server(bin_dir: Path) -> Iterator[CrashableServer]:
    """A server in a folder that `nobody` can reach; all of it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-crash-"))
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
    server = CrashableServer(folder, bin_dir)
    try:
        server.create()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _as_nobody() -> dict[str, Any]:
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
