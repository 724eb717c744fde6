"""The workers of a bout: real processes, each started again whenever it has died."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.support.workers import ROOT

LOOKS_EVERY_SECONDS = 0.05


class Slot:
    """One worker after the other; the next one dies at the next save point."""

    def __init__(
        self, environment: Mapping[str, str], save_points: tuple[str, ...], log: Path
    ) -> None:
        self._environment = dict(environment)
        self._save_points = list(save_points)
        self._log = log
        self._point: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._was_killed = False
        self.died_at: list[str] = []
        """The save points at which one died."""

    @property
    def pid(self) -> int | None:
        """The process that is there now."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    async def keep_up(self) -> None:
        """Start one, and another one whenever it died, for ever."""
        with self._log.open("ab") as log:
            while True:
                if self.pid is None:
                    self._note_end()
                    self._start(log)
                await asyncio.sleep(LOOKS_EVERY_SECONDS)

    def kill(self) -> None:
        """SIGKILL the one that is there."""
        self._was_killed |= self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> bool:
        """A signal to the one that is there; says whether there is one."""
        if self.pid is None or self._process is None:
            return False
        self._process.send_signal(number)
        return True

    def end(self) -> None:
        """SIGKILL it, and wait until it is gone."""
        self.kill()
        if self._process is not None:
            self._process.wait()
            self._note_end()

    def _start(self, log: IO[bytes]) -> None:
        self._point = self._save_points.pop(0) if self._save_points else None
        point = {} if self._point is None else {"HOLDFAST_FAILPOINT": self._point}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", "worker", "--app", "tests.chaos.app:hf"],
            env={**self._environment, **point},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )

    def _note_end(self) -> None:
        process, self._process = self._process, None
        if process is not None and self._point is not None and not self._was_killed:
            self.died_at.append(self._point)
        self._was_killed = False
