"""Running the command that shows a directive is done."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.model.advancing import Evidence
from holdfast.programs.output import Output
from holdfast.programs.process import Process, start


async def verify(command: str, *, cwd: Path, timeout_seconds: float | None) -> Evidence:
    """Run a verification in a shell; at its time limit it is ended with all that it started.

    Raises:
        HoldfastError: it could not be started.
    """
    started_at = datetime.now(UTC)
    process = await _start(command, cwd)
    output = Output()
    timed_out = False
    try:
        async with asyncio.timeout(timeout_seconds):
            async for _ in output.lines(process.stdout):
                pass
            await process.wait()
    except TimeoutError:
        timed_out = True
    finally:
        await asyncio.shield(process.end())
    assert process.returncode is not None
    return Evidence(
        command=command,
        exit_code=process.returncode,
        timed_out=timed_out,
        output_digest=output.sha256,
        output_tail=output.tail,
        started_at=started_at,
        ended_at=max(datetime.now(UTC), started_at),
    )


async def _start(command: str, cwd: Path) -> Process:
    environment = {
        name: value for name, value in os.environ.items() if name != "HOLDFAST_FAILPOINT"
    }
    try:
        return await start(["/bin/sh", "-c", command], cwd=str(cwd), environment=environment)
    except (OSError, ValueError) as error:
        raise HoldfastError(
            f"The verification {command!r:.200} could not be started: {error}.",
            hint=f"Run it in an existing folder; this was {cwd}.",
        ) from error
