"""Running pgbench, the yardstick's own tool."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_FIRST_SECOND = re.compile(r"^progress: ([\d.]+) s, ([\d.]+) tps", re.MULTILINE)
_TOTAL = re.compile(r"transactions actually processed: (\d+)")
_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_FAILED = re.compile(r"number of failed transactions: ([1-9]\d*)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pgbench:
    """One script that pgbench runs, with prepared statements."""

    program: str
    url: str
    script: str
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What each connection sets, such as `synchronous_commit`."""

    async def rate(self, seconds: float, *, clients: int) -> float:
        """Transactions a second. A first second is not counted: connections then plan and fill their caches."""
        options = ["--time", str(1 + max(1, round(seconds) - 1)), "--progress", "1"]
        said = await self._run(options, clients=clients)
        first, total, rate = _FIRST_SECOND.search(said), _TOTAL.search(said), _RATE.search(said)
        assert first is not None, said
        assert total is not None, said
        assert rate is not None, said
        warm_up = float(first[1])
        seconds = int(total[1]) / float(rate[1])
        return (int(total[1]) - float(first[2]) * warm_up) / (seconds - warm_up)

    async def latencies(self, transactions: int) -> list[float]:
        """What each transaction of one client took, in milliseconds; the first tenth warms up."""
        with tempfile.TemporaryDirectory() as folder:
            log = ["--log", f"--log-prefix={folder}/log"]
            await self._run([*log, "--transactions", str(transactions)], clients=1)
            lines = _lines_in(Path(folder))
        return [int(line.split()[2]) / 1000 for line in lines[transactions // 10 :]]

    async def _run(self, options: list[str], *, clients: int) -> str:
        threads = min(clients, os.cpu_count() or 1)
        with _file(self.script) as script:
            process = await asyncio.create_subprocess_exec(
                self.program,
                *("--no-vacuum", "--protocol=prepared", f"--file={script}"),
                *(f"--client={clients}", f"--jobs={threads}", *options, self.url),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "PGOPTIONS": self._pgoptions()},
            )
            try:
                out, _ = await process.communicate()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        said = out.decode()
        if process.returncode != 0 or _FAILED.search(said):
            raise RuntimeError(f"pgbench failed:\n{self.script}\n{said}")
        return said

    def _pgoptions(self) -> str:
        settings = {"jit": "off", **self.settings}
        return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _lines_in(folder: Path) -> list[str]:
    return [line for file in folder.iterdir() for line in file.read_text().splitlines()]


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        yield file.name
