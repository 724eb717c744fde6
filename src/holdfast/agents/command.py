"""Agents of kind `command`: any program.

Its output becomes the execution's log. A line may also speak to Holdfast:

    ::progress 3/10 reading        how far it is
    ::log warning odd row          a log line with a level
    ::result {"rows": 12}          its result, as JSON; the last one counts
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

from holdfast.agents._environment import environment_of
from holdfast.agents._values import (
    Expected,
    is_command,
    is_environment,
    is_length,
    is_text,
    what_is_wrong,
)
from holdfast.agents.agent import Done, Failed, Outcome
from holdfast.engine.connections import encode_json
from holdfast.executions.run import Run
from holdfast.model.states import LogLevel
from holdfast.programs.output import RESULT, Output
from holdfast.programs.process import how_it_ended, start

# Larger numbers than the database counts are no progress.
_PROGRESS = re.compile(r"^::progress (\d{1,9})/(\d{1,9})(?: (.*))?$")
_LOG = re.compile(r"^::log (debug|info|warning|error) (.*)$")
# Valid JSON, which PostgreSQL does not keep: its text has no NUL.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

_EXPECTED: tuple[Expected, ...] = (
    ("command", is_command, "a list of at least one text", True),
    ("cwd", is_text, "a folder's path", False),
    ("env", is_environment, "a mapping from text to text", False),
    ("timeout_seconds", is_length, "a number of seconds above 0", False),
)


class CommandAgent:
    """Runs one program to its end.

    The input has `command` (a list) and may have `cwd`, `env` (added to the worker's own) and `timeout_seconds`.
    """

    async def run(self, run: Run, given: Any) -> Outcome:
        """Run the program; its process group is ended when this is cancelled."""
        wrong = what_is_wrong(given, _EXPECTED)
        if wrong is not None:
            return Failed(wrong)
        command: list[str] = given["command"]
        speech = _Speech(run)
        started = time.monotonic()
        try:
            process = await start(
                command,
                cwd=given.get("cwd"),
                environment=environment_of(run, given.get("env") or {}),
            )
        except OSError as error:
            return Failed(f"{command[0]} could not be started: {error.strerror or error}.")
        output = Output()
        timed_out = False
        try:
            async with asyncio.timeout(given.get("timeout_seconds")):
                async for line in output.lines(process.stdout):
                    speech.hear(line)
                await process.wait()
        except TimeoutError:
            timed_out = True
        finally:
            await asyncio.shield(process.end())
        if process.failure is not None:
            return Failed(f"{command[0]} could not be started: {process.failure}.")
        told = {
            "command": command,
            "exit_code": process.returncode,
            "output_sha256": output.sha256,
            "output_tail": output.tail,
            "duration_ms": round((time.monotonic() - started) * 1000),
            "result": speech.result,
        }
        if timed_out:
            return Failed(f"It was ended after {given['timeout_seconds']} seconds.", told)
        if process.returncode != 0:
            return Failed(f"{how_it_ended(process.returncode)}: {output.last_line}", told)
        return Done(told)


class _Speech:
    """Understands the lines that speak to Holdfast; all others are the log."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.result: Any = None

    def hear(self, line: str) -> None:
        if not line.startswith("::"):
            self._run.log(line)
        elif match := _PROGRESS.match(line):
            done, total = int(match[1]), int(match[2])
            self._run.progress(min(done, total), total, match[3])
        elif match := _LOG.match(line):
            self._run.log(match[2], level=LogLevel(match[1]))
        elif line.startswith(RESULT):
            self._keep_result(line.removeprefix(RESULT))
        else:
            self._run.log(line)

    def _keep_result(self, text: str) -> None:
        try:
            if _NUL.search(text):
                raise ValueError("it has a NUL, which PostgreSQL does not keep")
            result = json.loads(text, parse_constant=_refuse_constant)
            encode_json(result).encode()  # half a surrogate pair is no text
            self.result = result
        except ValueError as error:
            self._run.log(f"This result is not JSON ({error}): {text}", level=LogLevel.WARNING)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
