"""Workers are killed, stopped and superseded in the middle of a program's tool call: its conversation goes on elsewhere."""

from __future__ import annotations

import json
import signal
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from tests.agents.conftest import MakeScene
from tests.support.fake_models import Text
from tests.support.processes import is_alive
from tests.support.program_cases import Case, Scene
from tests.support.workers import ended, until

# A tool call that says that it has begun and waits for a file.
WAIT = "touch begun; until [ -e go ]; do sleep 0.1; done; echo has-gone-on"


def at_work(folder: Path) -> list[int]:
    """The processes in a folder; what a sandbox calls them itself is another number."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder and is_alive(int(process.name)):
                found.append(int(process.name))
    return found


async def left(folder: Path) -> None:
    """Wait until nobody works in a folder any more."""

    async def look() -> bool:
        return not at_work(folder)

    await until(look, seconds=15)


async def session_of(scene: Scene, execution_id: UUID) -> str:
    """The id of the program's conversation, as it is kept."""
    kept: str = await scene.rows.one(
        "select metadata ->> 'program_session_id' from holdfast.agent_executions where id = $1",
        execution_id,
    )
    return kept


async def activity_of(scene: Scene, execution_id: UUID) -> str | None:
    """What it does, as far as it said."""
    found: str | None = await scene.rows.one(
        "select current_activity from holdfast.agent_executions where id = $1", execution_id
    )
    return found


async def test_a_conversation_whose_worker_is_killed_in_a_tool_call_is_resumed_by_another(
    play: MakeScene, case: Case
) -> None:
    async with play(case, case.shell(WAIT), Text("I went on.")) as scene:
        execution_id = await scene.begin("the first prompt")
        with scene.worker() as first:
            await scene.noted("begun")
            assert len(at_work(scene.folder)) > 1
            kept = await session_of(scene, execution_id)
            await until(lambda: activity_of(scene, execution_id))
            first.kill()
            await ended(first)
        await left(scene.folder)
        with scene.worker():
            done = await scene.over(execution_id)

        assert (done.status, done.error_message, done.attempt) == ("completed", None, 2)
        assert done.result["result"] == "I went on."
        assert done.result["session_id"] == kept == await session_of(scene, execution_id)
        first_turn, second_turn = scene.model.turns
    assert "You were interrupted" not in first_turn.text
    assert "You were interrupted" in second_turn.text
    assert "The last that was heard of you is" in second_turn.text
    assert "touch begun" in second_turn.text.partition("The last that was heard")[2]
    assert "the first prompt" in second_turn.text
    if case.kind != "gemini":  # which writes a call down only when it is answered
        assert json.dumps(WAIT)[1:-1] in second_turn.text.replace("\\\\", "\\")


async def test_a_worker_told_to_stop_stops_its_program_and_the_next_one_resumes_it(
    play: MakeScene, case: Case
) -> None:
    async with play(case, case.shell(WAIT), Text("I went on.")) as scene:
        execution_id = await scene.begin()
        with scene.worker(lease_seconds=60) as first:
            await scene.noted("begun")
            assert len(at_work(scene.folder)) > 1
            first.send_signal(signal.SIGTERM)
            assert await ended(first) == 0
        assert at_work(scene.folder) == []
        with scene.worker():
            done = await scene.over(execution_id)

    assert (done.status, done.error_message, done.attempt) == ("completed", None, 1)
    assert done.result["result"] == "I went on."


async def test_a_program_whose_lease_another_takes_is_stopped(play: MakeScene, case: Case) -> None:
    async with play(case, case.shell(WAIT)) as scene:
        execution_id = await scene.begin()
        with scene.worker():
            await scene.noted("begun")
            assert len(at_work(scene.folder)) > 1
            await scene.rows.all(
                "update holdfast.agent_executions set lease_epoch = lease_epoch + 1,"
                " lease_token = gen_random_uuid(), lease_holder = 'another',"
                " lease_expires_at = now() + interval '1 hour' where id = $1",
                execution_id,
            )
            await left(scene.folder)

        status = await scene.rows.one(
            "select status from holdfast.agent_executions where id = $1", execution_id
        )
        assert (status, len(scene.model.turns)) == ("running", 1)


async def test_a_conversation_that_is_not_on_this_machine_begins_anew_and_the_log_says_so(
    play: MakeScene, case: Case, tmp_path: Path
) -> None:
    async with play(case, case.shell(WAIT), Text("I began again.")) as scene:
        execution_id = await scene.begin("the first prompt")
        with scene.worker() as first:
            await scene.noted("begun")
            kept = await session_of(scene, execution_id)
            first.kill()
            await ended(first)
        home = tmp_path / "home"
        home.rename(tmp_path / "another machine's home")
        scene.case.program(home, scene.model)  # as it is when nothing has run there
        with scene.worker():
            done = await scene.over(execution_id)

        assert (done.status, done.error_message) == ("completed", None)
        assert done.result["session_id"] not in (None, kept)
        assert "You were interrupted" not in scene.model.turns[-1].text
        assert "the first prompt" in scene.model.turns[-1].text
    assert [line for line in done.logs if f"{kept} cannot be resumed here" in line.message]
