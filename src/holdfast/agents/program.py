"""Agents of the kinds `claude`, `codex` and `gemini`: agent programs that are started, listened to and resumed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import uuid4

from holdfast.agents._conversation import SESSION_KEY, Conversation
from holdfast.agents._environment import environment_of
from holdfast.agents.agent import Done, Failed, Outcome, Postponed
from holdfast.agents.answers import read_answer, what_fails, with_findings
from holdfast.agents.holding import wrong_with_role
from holdfast.agents.reports import Stream
from holdfast.agents.task import Task, read_task
from holdfast.errors import ConfigError
from holdfast.executions.run import Run
from holdfast.model.states import LogLevel
from holdfast.model.todos import read_todos
from holdfast.programs.output import Output
from holdfast.programs.process import Process, how_it_ended, start
from holdfast.telemetry.reporting import Reporting

# A tool's whole answer may stand in one line.
LONGEST_LINE_CHARACTERS = 10_000_000
DEFERRED_SECONDS = 10.0
"""How often a program whose tool call waits for an answer is resumed to look for it."""
# They name a session that this program is not: the worker may itself have been started from one.
_OF_ANOTHER_SESSION = (
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_ENV_FILE",
    "CLAUDE_PID",
    "CLAUDE_PROJECT_DIR",
    "HOLDFAST_SESSION",
)


class Program(Protocol):
    """How one agent program is started, resumed and understood."""

    name: str
    title: str
    chooses_session: bool
    """Whether it takes the id of its conversation from us."""
    has_telemetry: bool
    """Whether it sends telemetry that we understand."""

    async def prepare(self, task: Task, *, cwd: str | None, environment: Mapping[str, str]) -> Task:
        """The task as this program can do it.

        Raises:
            ConfigError: something of it would not hold with this program.
        """
        ...

    def begin(self, task: Task, session_id: str) -> list[str]:
        """The command that starts a conversation."""
        ...

    def resume(self, task: Task, session_id: str) -> list[str]:
        """The command that goes on with one."""
        ...

    def stream(self) -> Stream:
        """What listens to one run."""
        ...


class ProgramAgent:
    """Runs one agent program to its end.

    The input has a `prompt` and may have `role`, `model`, `cwd`, `env`, `findings` and `timeout_seconds`. Which program and
    which flags are settings. The id of its conversation is kept in the execution, so whoever takes that up after a crash resumes it.
    """

    def __init__(self, program: Program, *, reporting: Reporting) -> None:
        self._program = program
        self._reporting = reporting

    async def run(self, run: Run, given: Any) -> Outcome:
        """Run the program; all of it is ended when this is cancelled."""
        try:
            task = self._task(given)
            environment = await self._environment(run, given)
            task = await self._program.prepare(task, cwd=given.get("cwd"), environment=environment)
            environment |= task.environment
        except ConfigError as error:
            return Failed(f"{error.message} {error.hint or ''}".strip())
        if known := run.metadata.get(SESSION_KEY):
            again = task.resumed_after(await run.last_activity())
            attempt = await self._attempt(
                run, given, environment, self._program.resume(again, known)
            )
            if not attempt.found_nothing:
                return self._outcome(run, attempt, task)
            run.log(
                f"The conversation {known} cannot be resumed here ({attempt.complaint}); a new one begins.",
                level=LogLevel.WARNING,
            )
        session_id = str(uuid4())
        if self._program.chooses_session:
            await run.annotate(**{SESSION_KEY: session_id})
        await _list_todos(run, given)
        begun = await self._attempt(run, given, environment, self._program.begin(task, session_id))
        return self._outcome(run, begun, task)

    def _task(self, given: Any) -> Task:
        """What it is asked to do.

        Raises:
            ConfigError: it is no task, or none for this program.
        """
        task = read_task(given)
        if isinstance(task, str):
            raise ConfigError(task)
        if wrong := wrong_with_role(self._program.name, task.role):
            told, hint = wrong
            raise ConfigError(told, hint=hint)
        return task

    async def _environment(self, run: Run, given: Any) -> dict[str, str]:
        """What the program finds in its environment."""
        environment = environment_of(run, given.get("env") or {})
        if self._program.has_telemetry:
            environment |= await self._reporting.environment(run.lease, environment)
        for name in _OF_ANOTHER_SESSION:
            environment.pop(name, None)
        return environment

    async def _attempt(
        self,
        run: Run,
        given: dict[str, Any],
        environment: Mapping[str, str],
        command: list[str],
    ) -> _Attempt:
        """Run the program once."""
        attempt = _Attempt(command[0], Conversation(run, self._program.stream()))
        try:
            process = await start(
                command, cwd=given.get("cwd"), environment=environment, stderr_apart=True
            )
        except OSError as error:
            attempt.refusal = error.strerror or str(error)
            return attempt
        try:
            async with asyncio.timeout(given.get("timeout_seconds")):
                await attempt.listen(run, process)
        except TimeoutError:
            attempt.timed_out_seconds = given["timeout_seconds"]
        finally:
            await asyncio.shield(process.end())
        attempt.refusal, attempt.exit_code = process.failure, process.returncode
        await attempt.conversation.close()
        return attempt

    def _outcome(self, run: Run, attempt: _Attempt, task: Task) -> Outcome:
        conversation = attempt.conversation
        told = {
            "result": conversation.text,
            "session_id": run.metadata.get(SESSION_KEY),
            "exit_code": attempt.exit_code,
            "duration_ms": attempt.duration_ms,
        }
        if attempt.refusal is not None:
            return Failed(
                f"{attempt.program} could not be started: {attempt.refusal}. Install {self._program.title}, or say "
                f"where it is with the setting {self._program.name}_command."
            )
        if attempt.timed_out_seconds is not None:
            return Failed(f"It was ended after {attempt.timed_out_seconds} seconds.", told)
        if conversation.end is not None and conversation.end.error is not None:
            return Failed(f"{self._program.title}: {conversation.end.error}", told)
        if attempt.exit_code != 0 or conversation.end is None:
            return Failed(f"{how_it_ended(attempt.exit_code)}: {attempt.complaint}", told)
        if conversation.end.is_deferred:
            return Postponed("a person is asked about a tool call", DEFERRED_SECONDS)
        return _judged(task, told)


def _judged(task: Task, told: dict[str, Any]) -> Outcome:
    """What was asked for is read from what it said last; a review that found something fails."""
    if not task.outputs and not task.points:
        return Done(told)
    answer = read_answer(told["result"])
    wrong = what_fails(task.points, answer)
    if wrong is None:
        return Done({**told, "result": answer})
    reason, findings = wrong
    return Failed(
        reason, {**told, "result": with_findings(answer, findings) if findings else answer}
    )


async def _list_todos(run: Run, given: Any) -> None:
    """The todo list that the work begins with; the program's own takes its place."""
    todos = given.get("todos")
    if todos:
        changes = read_todos("TodoWrite", {"todos": todos}, None)
        if changes is not None:
            await run.record_todos(changes)


class _Attempt:
    """One run of the program: what it said, and how it ended."""

    def __init__(self, program: str, conversation: Conversation) -> None:
        self.program = program
        self.conversation = conversation
        self.refusal: str | None = None
        self.timed_out_seconds: float | None = None
        self.exit_code: int | None = None
        self.complaint = "it gave no result"
        self._started = time.monotonic()

    @property
    def duration_ms(self) -> int:
        """How long it has taken so far."""
        return round((time.monotonic() - self._started) * 1000)

    @property
    def found_nothing(self) -> bool:
        """Whether the program ran and had no such conversation to go on with."""
        is_over = self.refusal is None and self.timed_out_seconds is None
        return is_over and not self.conversation.has_begun

    async def listen(self, run: Run, process: Process) -> None:
        """Hear both outputs to their ends."""
        complaints = asyncio.create_task(
            self._hear_complaints(run, process), name=f"complaints of {self.program}"
        )
        try:
            await self._hear(process)
            await complaints
            await process.wait()
        finally:
            complaints.cancel()

    async def _hear(self, process: Process) -> None:
        output = Output(longest_line=LONGEST_LINE_CHARACTERS)
        async for line in output.lines(process.stdout):
            await self.conversation.hear(line)

    async def _hear_complaints(self, run: Run, process: Process) -> None:
        output = Output()
        async for line in output.lines(process.stderr):
            if line.strip():
                self.complaint = output.last_line
                run.log(line, level=LogLevel.DEBUG)
