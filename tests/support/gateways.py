"""Server processes that the test may kill."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.patience import PATIENCE_SECONDS


class Gateway:
    """`holdfast up` in a process of its own, always at the same port."""

    def __init__(self, database_url: str, folder: Path, **settings: object) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._database_url = database_url
        self._folder = folder
        self._settings = {f"HOLDFAST_{name.upper()}": str(v) for name, v in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it answers; a database that is away is waited for."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await asyncio.to_thread(self._answers):
                if self._process is None or self._process.poll() is not None:
                    self._launch()
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: nobody is told."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _launch(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")
        }
        arguments = ["up", "--no-worker", "--port", str(self.port)]
        with (self._folder / f"gateway-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "holdfast", *arguments],
                env=environment | {"HOLDFAST_DATABASE_URL": self._database_url} | self._settings,
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/healthz", timeout=1):
                return True
        except (URLError, OSError):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
