"""Programs that say other things than the tried versions do: shell scripts in Claude Code's place."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.executions.reading import read_execution
from holdfast.model.executions import Execution
from holdfast.runtime.worker import Worker
from tests.support.workers import until

INIT = {"type": "system", "subtype": "init", "session_id": "s"}
RESULT = {"type": "result", "subtype": "success", "is_error": False, "result": "done"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Desk:
    """A worker whose Claude Code is a script."""

    hf: Holdfast
    script: Path

    def says(self, *lines: str | dict[str, Any], then: str = "exit 0") -> None:
        """Have the program print these lines, and end."""
        told = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        output = self.script.with_suffix(".out")
        output.write_text("".join(f"{line}\n" for line in told))
        self.script.write_text(f"#!/bin/sh\ncat {output}\n{then}\n")
        self.script.chmod(0o755)

    async def run(self, **given: Any) -> Execution:
        """An execution, run to its end."""
        given = {"prompt": "go", "cwd": str(self.script.parent)} | given
        execution_id = await self.hf.engine.call_value(
            "create_execution", name="it", kind="claude", input=given
        )
        return await self.over(execution_id)

    async def over(self, execution_id: UUID) -> Execution:
        """An execution, once it has ended."""
        venture_id = await self.hf.venture_id()

        async def look() -> Execution | None:
            found = await read_execution(self.hf.engine, venture_id, execution_id)
            return found if found.ended_at is not None else None

        return await until(look)


@pytest.fixture
async def desk(holdfast_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    script = tmp_path / "claude"
    settings = Settings(database_url=holdfast_url, lease_seconds=5, claude_command=str(script))
    async with Holdfast(settings) as connected:
        worker = Worker(connected)
        worker.start()
        try:
            yield Desk(hf=connected, script=script)
        finally:
            await worker.stop()


def told(execution: Execution, level: str) -> list[str]:
    return [line.message for line in execution.logs if line.level == level]


async def test_a_line_that_is_no_event_is_a_warning_and_the_rest_is_heard(desk: Desk) -> None:
    odd = ["no JSON", '{"type": "half', "[1]", '"text"', "", '{"type": "assistant", "message": 7}']
    desk.says(INIT, *odd, {"type": "of tomorrow", "x": {}}, RESULT)

    done = await desk.run()

    assert (done.status, done.result["result"]) == ("completed", "done")
    warnings = told(done, "warning")
    assert [line.removeprefix("This line is no JSON: ") for line in warnings] == odd[:4]


async def test_text_that_the_database_cannot_keep_and_very_long_lines_stop_nothing(
    desk: Desk,
) -> None:
    said = {"type": "text", "text": "a\0b\ud800c"}
    long = {"type": "text", "text": "x" * 3_000_000}
    message = {"type": "assistant", "message": {"id": "1", "content": [said, long]}}
    desk.says(INIT, message, RESULT)

    done = await desk.run()

    assert (done.status, done.result["result"]) == ("completed", "done")
    lines = told(done, "info")
    assert lines[0] == "a\N{REPLACEMENT CHARACTER}b?c"
    assert len("".join(lines[1:])) == 3_000_000


@pytest.mark.parametrize(
    ("lines", "then", "error"),
    [
        ([INIT], "exit 0", "exit code 0: it gave no result"),
        ([], "echo no such model >&2; exit 3", "exit code 3: no such model"),
        ([INIT], "kill -9 $$", "ended by SIGKILL: it gave no result"),
        ([INIT, RESULT], "exit 1", "exit code 1: it gave no result"),
        (
            [INIT, RESULT | {"is_error": True, "result": "API Error: 529"}],
            "exit 1",
            "Claude Code: API Error: 529",
        ),
    ],
)
async def test_a_program_that_fails_tells_why(
    desk: Desk, lines: list[dict[str, Any]], then: str, error: str
) -> None:
    desk.says(*lines, then=then)

    failed = await desk.run()

    assert (failed.status, failed.error_message) == ("failed", error)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"prompt": None}, "prompt = None is not a text."),
        ({"prompt": 5}, "prompt = 5 is not a text."),
        ({"role": "no-such"}, "There is no role no-such."),
        ({"cwd": "/no/such/folder"}, "could not be started: No such file or directory."),
        ({"timeout_seconds": 0}, "timeout_seconds = 0 is not a number of seconds above 0."),
        ({"prompt": "x" * 130_000}, "the limit is 120000"),
    ],
)
async def test_an_input_that_no_program_can_work_on_fails_by_name(
    desk: Desk, given: dict[str, Any], error: str
) -> None:
    desk.says(INIT, RESULT)

    failed = await desk.run(**given)

    assert failed.status == "failed"
    assert error in str(failed.error_message)


def todos(*items: tuple[str, str]) -> list[dict[str, Any]]:
    """Claude's tool call that writes a todo list, and its answer."""
    written = [{"content": name, "status": status} for name, status in items]
    call = {"type": "tool_use", "id": str(items), "name": "TodoWrite", "input": {"todos": written}}
    answer = {"type": "tool_result", "tool_use_id": str(items), "content": "ok"}
    return [
        {"type": "assistant", "message": {"id": str(items), "content": [call]}},
        {"type": "user", "message": {"content": [answer]}},
    ]


async def test_a_todo_list_becomes_the_steps_of_the_execution(desk: Desk) -> None:
    desk.says(
        INIT,
        *todos(("read", "in_progress"), ("write", "pending"), ("check", "pending")),
        *todos(("read", "completed"), ("write", "in_progress"), ("check", "pending")),
        RESULT | {"is_error": True, "result": "enough"},
    )

    failed = await desk.run()

    assert (failed.completed_steps, failed.total_steps) == (1, 3)
    assert failed.current_activity == "write"


async def test_a_todo_list_that_is_refused_does_not_fail_the_work(desk: Desk) -> None:
    desk.says(INIT, *todos(*((f"item {number}", "pending") for number in range(501))), RESULT)

    done = await desk.run()

    assert (done.status, done.error_message) == ("completed", None)
    assert "The todo list was not kept" in told(done, "warning")[0]


async def test_a_program_of_python_spawns_one_by_its_name(desk: Desk) -> None:
    desk.says(INIT, RESULT)

    execution_id = await desk.hf.spawn("claude", prompt="go")

    assert (await desk.over(execution_id)).result["result"] == "done"
