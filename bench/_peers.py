"""Peers on the same server in the same run. Their libraries are installed for the benchmark alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from bench._support import Measurement

_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / ".holdfast" / "bench" / "peers"
_LIBRARIES = (
    "dbos==3.4.0",
    "langgraph-checkpoint==4.3.2",
    "langgraph-checkpoint-postgres==3.2.0",
    "psycopg[binary,pool]==3.3.9",
    "uvloop",
)
# Starting, and making its tables, which are not measured.
_PATIENCE_SECONDS = 120.0


def installed() -> Path:
    """The Python that has the peers; they are installed when their list has changed."""
    python, note = _FOLDER / "bin" / "python", _FOLDER / "installed.txt"
    wanted = "\n".join(_LIBRARIES)
    if not note.exists() or note.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", _FOLDER], check=True)
        pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, *_LIBRARIES], check=True)
        note.write_text(wanted)
    return python


def peer(python: Path, script: str, url: str, *arguments: object) -> Measurement:
    """Measures a peer with `bench/peers/SCRIPT.py`, which is given the address, the seconds and the other arguments."""

    async def measure(seconds: float) -> float:
        process = await asyncio.create_subprocess_exec(
            *(str(python), "-m", f"bench.peers.{script}", url, str(seconds), *map(str, arguments)),
            cwd=_ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
                said, complaint = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise RuntimeError(f"{script} failed:\n{complaint.decode()[-2000:]}")
        return float(said.split()[-1])

    return measure
