"""Running the command that shows a directive is done."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.model.advancing import Evidence
from holdfast.programs.ending import end
from holdfast.programs.leash import die_with_parent
from holdfast.programs.output import Output


async def verify(command: str, *, cwd: Path, timeout_seconds: float | None) -> Evidence:
    """Run a verification in a shell; at its time limit it is ended with all that it started.

    Raises:
        HoldfastError: it could not be started.
    """
    started_at = datetime.now(UTC)
    process = await _start(command, cwd)
    output = Output(lambda _: None)
    timed_out = False
    try:
        async with asyncio.timeout(timeout_seconds):
            await output.read(process)
            await process.wait()
    except TimeoutError:
        timed_out = True
    finally:
        await asyncio.shield(end(process))
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


async def _start(command: str, cwd: Path) -> asyncio.subprocess.Process:
    environment = {
        name: value for name, value in os.environ.items() if name != "HOLDFAST_FAILPOINT"
    }
    try:
        return await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            cwd=cwd,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    except (OSError, ValueError) as error:
        raise HoldfastError(
            f"The verification {command!r:.200} could not be started: {error}.",
            hint=f"Run it in an existing folder; this was {cwd}.",
        ) from error
