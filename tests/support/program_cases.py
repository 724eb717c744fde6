"""The three agent programs as a worker runs them, each with what a test must say in its own way."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine
from holdfast.executions.reading import read_execution
from holdfast.model.executions import Execution
from tests.support import programs
from tests.support.fake_models import (
    AnthropicModel,
    Call,
    FakeModel,
    GeminiModel,
    OpenAIModel,
    Turn,
)
from tests.support.workers import Rows, until, worker


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One agent program."""

    kind: str
    model: type[FakeModel]
    program: Callable[[Path, Any], programs.Program]
    flags: str
    """What its worker's settings must allow for a shell command to run."""
    shell: Callable[[str], Call]
    """The tool call that runs a shell command."""


def _gemini_shell(command: str) -> Call:
    return Call("run_shell_command", {"command": command, "description": "run it"})


CASES = (
    Case(
        kind="claude",
        model=AnthropicModel,
        program=programs.claude,
        flags="--allowedTools,Bash",
        shell=lambda command: Call("Bash", {"command": command}),
    ),
    Case(
        kind="codex",
        model=OpenAIModel,
        program=programs.codex,
        flags="--skip-git-repo-check,--sandbox,workspace-write",
        # Longer than any test: else it goes on in the background and the model is asked again.
        shell=lambda command: Call("exec_command", {"cmd": command, "yield_time_ms": 30_000}),
    ),
    Case(
        kind="gemini",
        model=GeminiModel,
        program=programs.gemini,
        flags="--skip-trust,--yolo",
        shell=_gemini_shell,
    ),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """A program, its model and its folder, with the engine that its executions are in."""

    case: Case
    model: FakeModel
    program: programs.Program
    folder: Path
    engine: PostgresEngine
    rows: Rows

    async def begin(self, prompt: str = "go", **given: Any) -> UUID:
        """Queue an execution."""
        created: UUID = await self.engine.call_value(
            "create_execution",
            name="agent",
            kind=self.case.kind,
            agent=self.case.kind,
            input={
                "prompt": prompt,
                "cwd": str(self.folder),
                "env": dict(self.program.environment),
                **given,
            },
        )
        return created

    @contextmanager
    def worker(self, *, flags: str | None = None, **settings: Any) -> Iterator[Popen[str]]:
        """A worker that can run it."""
        named = {
            f"{self.case.kind}_command": str(self.program.path),
            f"{self.case.kind}_flags": self.case.flags if flags is None else flags,
        }
        with worker(self.engine.url, app=None, **(named | settings)) as running:
            yield running

    async def over(self, execution_id: UUID) -> Execution:
        """An execution with its log, once it has ended."""
        venture_id = await self.rows.one(
            "select venture_id from holdfast.agent_executions where id = $1", execution_id
        )

        async def look() -> Execution | None:
            found = await read_execution(self.engine, venture_id, execution_id)
            return found if found.ended_at is not None else None

        return await until(look)

    async def metrics(self, execution_id: UUID) -> dict[str, Any]:
        """What it cost."""
        [row] = await self.rows.all(
            "select * from holdfast.execution_metrics where execution_id = $1", execution_id
        )
        return dict(row)

    async def noted(self, name: str) -> str:
        """What a file of the folder says, once it is there."""

        async def look() -> bool:
            return (self.folder / name).exists()

        await until(look)
        return (self.folder / name).read_text().strip()


@asynccontextmanager
async def scene(
    case: Case,
    *turns: Turn,
    engine: PostgresEngine,
    rows: Rows,
    tmp_path: Path,
    script: Any = None,
) -> AsyncIterator[Scene]:
    """A program whose model says these turns."""
    folder = tmp_path / "work"
    folder.mkdir()
    with case.model(*turns, script=script) as model:
        yield Scene(
            case=case,
            model=model,
            program=case.program(tmp_path / "home", model),
            folder=folder,
            engine=engine,
            rows=rows,
        )
