"""A hook call, as the agent program makes it, against a Python that does nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench._support import Bench, Figure, Measurement, compare

TITLE = "hooks: one call with its session's companion running"
_HOOK = (str(Path(sys.executable).with_name("holdfast-hook")), "claude")
_NOTHING = (sys.executable, "-c", "pass")
_SESSION = "bench"
_EVENTS: dict[str, dict[str, object]] = {
    "before a tool": {
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "make"},
    },
    "prompt": {"hook_event_name": "UserPromptSubmit", "prompt": "go on"},
}


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    async with _agent(url) as environment:
        with bench.preparing("starting the companion"):
            await _call(_HOOK, environment, {"hook_event_name": "SessionStart"})
        measurements: dict[str, Measurement] = {
            "python -c pass": _repeated(_NOTHING, environment, {}),
            **{name: _repeated(_HOOK, environment, event) for name, event in _EVENTS.items()},
        }
        samples = await bench.alternate(measurements)
    await bench.server.drop(url)
    return [
        compare(
            f"hook {name} / python -c pass", samples, name, "python -c pass", unit="s", at_most=5.0
        )
        for name in _EVENTS
    ]


@asynccontextmanager
async def _agent(url: str) -> AsyncIterator[dict[str, str]]:
    """A process in an agent program's place; the companion goes when it is gone."""
    with tempfile.TemporaryDirectory() as project:
        process = await asyncio.create_subprocess_exec("sleep", "3600")
        try:
            yield {
                **os.environ,
                "HOLDFAST_DATABASE_URL": url,
                "CLAUDE_PID": str(process.pid),
                "CLAUDE_PROJECT_DIR": project,
            }
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _repeated(
    command: tuple[str, ...], environment: dict[str, str], event: dict[str, object]
) -> Measurement:
    async def measure(seconds: float) -> float:
        """Seconds of one call."""
        began_at, calls = time.perf_counter(), 0
        while time.perf_counter() - began_at < seconds:
            await _call(command, environment, event)
            calls += 1
        return (time.perf_counter() - began_at) / calls

    return measure


async def _call(
    command: tuple[str, ...], environment: dict[str, str], event: dict[str, object]
) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate(json.dumps({"session_id": _SESSION, **event}).encode())
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {complaint.decode()}")
