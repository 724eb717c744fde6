"""What a worker makes of programs and functions, however they behave."""

from __future__ import annotations

import hashlib
import sys
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
from tests.crash import app
from tests.support.workers import until


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    """A program with a worker in it, which knows the app's functions."""
    async with Holdfast(Settings(database_url=holdfast_url, lease_seconds=2)) as connected:
        connected.supervisors.update(bad_result=app.bad_result)
        connected.callables.update(app.hf.callables)
        worker = Worker(connected)
        worker.start()
        try:
            yield connected
        finally:
            await worker.stop()


async def over(hf: Holdfast, execution_id: UUID) -> Execution:
    """An execution with its log, once it has ended."""
    venture_id = await hf.venture_id()

    async def look() -> Execution | None:
        found = await read_execution(hf.engine, venture_id, execution_id)
        return found if found.ended_at is not None else None

    return await until(look)


async def run(hf: Holdfast, *command: str, **more: Any) -> Execution:
    """A program, run to its end."""
    given = {"command": list(command), **more}
    return await over(
        hf, await hf.engine.call_value("create_execution", name="it", kind="command", input=given)
    )


async def python(hf: Holdfast, program: str, **more: Any) -> Execution:
    """A Python program, run to its end."""
    return await run(hf, sys.executable, "-c", program, **more)


async def function(hf: Holdfast, name: str, **given: Any) -> Execution:
    """A function, run to its end."""
    kind = f"callable:{name}"
    return await over(
        hf, await hf.engine.call_value("create_execution", name=name, kind=kind, input=given)
    )


def messages(execution: Execution) -> list[str]:
    return [line.message for line in execution.logs]


async def test_a_command_leaves_its_exit_code_its_digest_and_its_output(hf: Holdfast) -> None:
    done = await run(hf, "sh", "-c", "echo one; echo two >&2")

    assert (done.status, done.error_message) == ("completed", None)
    assert done.result["exit_code"] == 0
    assert done.result["output_sha256"] == hashlib.sha256(b"one\ntwo\n").hexdigest()
    assert done.result["output_tail"] == "one\ntwo\n"
    assert messages(done) == ["one", "two"]


async def test_a_command_that_fails_tells_its_exit_code_and_its_last_line(hf: Holdfast) -> None:
    failed = await run(hf, "sh", "-c", "echo starting; echo no such table; exit 3")

    assert (failed.status, failed.error_message) == ("failed", "exit code 3: no such table")
    assert failed.result["exit_code"] == 3


async def test_a_command_that_is_killed_tells_the_signal(hf: Holdfast) -> None:
    failed = await run(hf, "sh", "-c", "kill -9 $$")

    assert failed.error_message == "ended by SIGKILL: it printed nothing"


async def test_a_command_speaks_of_its_progress_its_log_and_its_result(hf: Holdfast) -> None:
    lines = ["::progress 3/4 reading", "::log warning odd row", '::result {"rows": 1}']
    lines += ['::result {"rows": 12}', "::other thing"]
    done = await python(hf, f"print({chr(10).join(lines)!r})")

    assert done.result["result"] == {"rows": 12}  # the last one counts
    assert (done.completed_steps, done.total_steps, done.current_activity) == (3, 4, "reading")
    assert [(line.level, line.message) for line in done.logs] == [
        ("warning", "odd row"),
        ("info", "::other thing"),
    ]


@pytest.mark.parametrize("text", ['{"rows": ', '{"rows": NaN}', '"a\\u0000b"', '"\\ud800"'])
async def test_a_result_that_the_database_cannot_keep_is_told_and_hangs_nothing(
    hf: Holdfast, text: str
) -> None:
    done = await python(hf, f"print('::result ' + {text!r})")

    told = f"{done.error_message} {messages(done)}"
    assert "result" in told
    assert (done.result or {}).get("result") is None


@pytest.mark.parametrize(
    "line", ["::progress 5/3", "::progress 1/0", "::progress 99999999999/99999999999"]
)
async def test_a_progress_line_that_makes_no_sense_does_not_fail_the_work(
    hf: Holdfast, line: str
) -> None:
    done = await python(hf, f"print({line!r}); print('after')")

    assert (done.status, done.error_message) == ("completed", None)
    assert messages(done)[-1] == "after"


async def test_a_command_that_takes_too_long_is_ended_with_its_children(
    hf: Holdfast, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    failed = await run(hf, "sh", "-c", f"sleep 600 & echo $! > {file}; wait", timeout_seconds=0.5)

    assert failed.error_message == "It was ended after 0.5 seconds."
    assert failed.result["exit_code"] == -15

    async def is_gone() -> bool:
        return not Path(f"/proc/{file.read_text().strip()}").exists()

    await until(is_gone, seconds=5)


async def test_binary_output_is_digested_as_it_came_and_logged_as_far_as_text_goes(
    hf: Holdfast,
) -> None:
    done = await python(hf, "import sys; sys.stdout.buffer.write(bytes(range(256)) * 300)")

    assert (done.status, done.error_message) == ("completed", None)
    assert done.result["output_sha256"] == hashlib.sha256(bytes(range(256)) * 300).hexdigest()
    assert len(messages(done)) == 301


async def test_a_very_long_line_is_split_and_none_of_it_is_lost(hf: Holdfast) -> None:
    done = await python(hf, "print('x' * 100_000, end='')")

    assert done.status == "completed"
    assert "".join(messages(done)) == "x" * 100_000
    assert len(messages(done)) > 1


async def test_a_long_result_is_one_line_however_it_arrives(hf: Holdfast) -> None:
    program = "import sys\nsys.stdout.write('::result \"')\nfor _ in range(50):\n"
    program += "    sys.stdout.write('x' * 1000)\n    sys.stdout.flush()\nprint('\"')"
    done = await python(hf, program)

    assert done.result["result"] == "x" * 50_000


async def test_a_last_line_without_an_end_is_a_line(hf: Holdfast) -> None:
    done = await python(hf, "print('one'); print('two', end='')")

    assert messages(done) == ["one", "two"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"command": ["no-such-program"]}, "no-such-program could not be started: No such file"),
        ({"command": ["true"], "cwd": "/no/such/folder"}, "could not be started: No such file"),
        ({"command": []}, "command = [] is not a list"),
        ({"command": "true"}, "command = 'true' is not a list"),
        ({}, "command = None is not a list"),
        ({"command": ["true"], "env": {"A": 1}}, "env = {'A': 1} is not a mapping"),
        ({"command": ["true"], "timeout_seconds": "soon"}, "timeout_seconds = 'soon' is not"),
        ({"command": ["true"], "cwd": 7}, "cwd = 7 is not a folder's path"),
        ([], "input = [] is not a mapping"),
    ],
)
async def test_a_command_that_cannot_be_started_fails_by_name(
    hf: Holdfast, given: Any, told: str
) -> None:
    execution_id = await hf.engine.call_value(
        "create_execution", name="it", kind="command", input=given
    )

    failed = await over(hf, execution_id)

    assert failed.status == "failed"
    assert told in str(failed.error_message)


async def test_a_function_that_raises_fails_with_what_it_raised(hf: Holdfast) -> None:
    failed = await function(hf, "raise")

    assert (failed.status, failed.error_message) == ("failed", "LookupError: no such source")
    assert messages(failed) == ["about to fail"]


BAD_RESULTS = [
    ("not JSON", "InvalidValue", "value['when'] ="),
    ("nan", "InvalidValue", "value = nan is not JSON"),
    ("too large", "TooLarge", "The result of the"),
    ("nul", "InvalidValue", "nicode"),
]


@pytest.mark.parametrize(("what", "error", "told"), BAD_RESULTS)
async def test_an_execution_whose_result_is_refused_fails_with_that_reason(
    hf: Holdfast, what: str, error: str, told: str
) -> None:
    failed = await function(hf, "bad result", what=what)

    assert failed.status == "failed"
    assert str(failed.error_message).startswith(f"{error}: ")
    assert told in str(failed.error_message)


@pytest.mark.parametrize("in_step", [True, False])
@pytest.mark.parametrize(("what", "error", "told"), BAD_RESULTS)
async def test_a_supervisor_whose_result_is_refused_fails_with_that_reason(
    hf: Holdfast, what: str, error: str, told: str, in_step: bool
) -> None:
    supervisor_id = await hf.start("bad_result", what=what, in_step=in_step)
    read = "select * from holdfast.supervisor_states where id = $1"

    async def look() -> Any:
        [row] = await hf.database._fetch(read, [supervisor_id])
        return row if row["ended_at"] is not None else None

    row = await until(look)
    assert row["state"] == "failed"
    assert row["error_message"].startswith(f"{error}: ")
    assert told in row["error_message"]
