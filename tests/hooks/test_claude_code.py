"""Claude Code itself, offline, with Holdfast's hooks installed: its session finds its place and cannot take another's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.crashing import crashable_server
from tests.support.fake_models import AnthropicModel, Call, Text, Turn
from tests.support.hooked_machine import TOOLS, Machine
from tests.support.migration import migrated
from tests.support.processes import wait_until
from tests.support.servers import binaries_of
from tests.support.sql import call, connected, one
from tests.support.workers import until

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


@pytest.fixture
def machine(work_dir: Path, holdfast_url: str) -> Machine:
    return Machine(folder=work_dir / "one", url=holdfast_url)


def new_session() -> str:
    return str(uuid.uuid4())


async def add(connection: Connection, *keys: str, **more: Any) -> None:
    for key in keys:
        await call(
            connection, "add_directive", sd_key=key, title=f"about {key}", status="active", **more
        )


def context_of(model: AnthropicModel) -> str:
    """What Holdfast told the model last; a resumed conversation brings along what it was told before."""
    found: list[str] = re.findall(
        r"Holdfast keeps this session.*?holdfast questions\.", model.turns[0].text
    )
    return found[-1] if found else ""


def claiming(key: str) -> Call:
    return Call("Bash", {"command": f"holdfast session claim {key}"})


def completing(key: str) -> Call:
    return Call("Bash", {"command": f"holdfast directive complete {key}"})


async def test_a_session_is_told_its_place_and_its_tasks_show_as_progress(
    machine: Machine, holdfast_url: str
) -> None:
    session = new_session()
    create = Call(
        "TaskCreate", {"subject": "Write it", "description": "d", "activeForm": "Writing it"}
    )
    update = Call("TaskUpdate", {"taskId": "1", "status": "in_progress"})
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1")
        with AnthropicModel(claiming("SD-1"), create, update, Text("Enough.")) as model:
            assert machine.run(model, "--session-id", session)["result"] == "Enough."
            assert "You hold no directive" in context_of(model)
        row = await one(connection, "select * from holdfast.agent_executions")
        assert (row["name"], row["total_steps"], row["current_activity"]) == (
            "about SD-1", 1, "Writing it",
        )  # fmt: skip

        with AnthropicModel(Text("Back.")) as model:
            machine.run(model, "--resume", session)
            assert "You hold SD-1 (LEAD phase): about SD-1" in context_of(model)
            assert "Your last task: Writing it" in context_of(model)


async def test_a_session_killed_in_a_tool_call_goes_on_at_the_same_place_on_another_machine(
    machine: Machine, holdfast_url: str, work_dir: Path
) -> None:
    session = new_session()
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1")
        slow = Call("Bash", {"command": "touch begun; sleep 600"})
        with (
            AnthropicModel(claiming("SD-1"), slow) as model,
            machine.claude(model).start(
                "-p", "go", "--session-id", session, *TOOLS, cwd=machine.project
            ) as killed,
        ):
            await asyncio.to_thread(wait_until, (machine.project / "begun").exists, "the tool call")
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait()
        await until_state(connection, session, "lost")
        other = Machine(folder=work_dir / "two", url=holdfast_url)
        other.take_over(machine)

        with AnthropicModel(Text("I go on.")) as model:
            assert other.run(model, "--resume", session)["result"] == "I go on."

            assert "You hold SD-1" in context_of(model)
        claims = await connection.fetch(
            "select data ->> 'session_id' as by from holdfast.events "
            "where type = 'directive.claimed' order by seq"
        )
        assert [row["by"] for row in claims] == [session, session]


async def test_of_two_resumes_of_one_session_one_works_and_the_other_is_denied(
    machine: Machine, holdfast_url: str
) -> None:
    session = new_session()
    with AnthropicModel(Text("Begun.")) as model:
        machine.run(model, "--session-id", session)
    slow = Call("Bash", {"command": "touch begun; while [ ! -e go ]; do sleep 0.05; done"})
    with (
        AnthropicModel(slow, Text("Mine.")) as first,
        machine.claude(first).start(
            "-p", "go", "--resume", session, *TOOLS, cwd=machine.project
        ) as running,
    ):
        await asyncio.to_thread(wait_until, (machine.project / "begun").exists, "the tool call")
        with AnthropicModel(Text("Twin.")) as second:
            denied = await asyncio.to_thread(machine.run, second, "--resume", session)

            assert "Twin." not in json.dumps(denied)
            assert second.turns == []
            assert f"process {running.pid}" in json.dumps(denied)
        (machine.project / "go").touch()
        await asyncio.to_thread(running.wait)
        assert "Mine." in str(running.stdout and running.stdout.read())


async def test_a_gated_call_ends_the_process_and_runs_after_the_answer(
    work_dir: Path, holdfast_url: str
) -> None:
    machine = Machine(
        folder=work_dir / "one", url=holdfast_url, settings={"gated_tools": "Bash(touch*)"}
    )
    session = new_session()
    with AnthropicModel(Call("Bash", {"command": "touch shipped"}), Text("Shipped.")) as model:
        stopped = machine.run(model, "--session-id", session)
        assert stopped["stop_reason"] == "tool_deferred"
        assert not (machine.project / "shipped").exists()
        question = json.loads(machine.holdfast("questions", "--json"))[0]

        machine.holdfast("answer", str(question["id"]), "approve")
        machine.run(model, "--resume", session)

    assert (machine.project / "shipped").exists()
    assert json.loads(machine.holdfast("questions", "--json")) == []


async def test_while_the_database_is_away_the_session_works_on_and_nothing_is_lost(
    work_dir: Path,
) -> None:
    session = new_session()
    slow = Call("Bash", {"command": "touch begun; while [ ! -e go ]; do sleep 0.05; done"})
    create = Call(
        "TaskCreate", {"subject": "Write it", "description": "d", "activeForm": "Writing it"}
    )
    update = Call("TaskUpdate", {"taskId": "1", "status": "in_progress"})
    with crashable_server(binaries_of("18")) as server:
        await server.start()
        await migrated(server.url)
        machine = Machine(folder=work_dir / "one", url=server.url)
        async with connected(server.url) as connection:
            await add(connection, "SD-1")
        with (
            AnthropicModel(claiming("SD-1"), slow, create, update, Text("Enough.")) as model,
            machine.claude(model).start(
                "-p", "go", "--session-id", session, *TOOLS, cwd=machine.project
            ) as running,
        ):
            await asyncio.to_thread(wait_until, (machine.project / "begun").exists, "the tool call")
            server.kill()
            (machine.project / "go").touch()
            await asyncio.to_thread(running.wait)
            assert "Enough." in str(running.stdout and running.stdout.read())
        journal = machine.project / ".holdfast" / "journal" / "entries.log"
        await asyncio.to_thread(
            wait_until, lambda: "end_session" in journal.read_text(), "the session's end"
        )

        await server.start()
        machine.holdfast("session", "list")

        assert not journal.exists() or journal.read_text() == ""
        async with connected(server.url) as connection:
            row = await one(connection, "select * from holdfast.agent_executions")
            assert (row["name"], row["total_steps"]) == ("about SD-1", 1)
            assert row["current_activity"] == "Writing it"
            ended = await one(connection, "select state::text from holdfast.claude_sessions")
            assert ended["state"] == "ended"
            assert not (await one(connection, "select session_id from holdfast.directive_claims"))[
                0
            ]


async def until_state(connection: Connection, session: str, state: str) -> None:
    async def look() -> bool:
        row = await one(
            connection,
            "select state::text from holdfast.claude_sessions where session_id = $1",
            session,
        )
        return bool(row["state"] == state)

    await until(look)


async def test_auto_proceed_drives_one_session_through_three_children_and_stops(
    work_dir: Path, holdfast_url: str
) -> None:
    machine = Machine(folder=work_dir / "one", url=holdfast_url, settings={"auto_proceed": "on"})
    session = new_session()
    script: list[Turn] = [
        claiming("SD-1"),
        completing("SD-1"),
        Text("SD-1 is done."),
        Call("Bash", {"command": "touch built"}),  # its verification completes SD-2 when it stops
        Text("It is built."),
        completing("SD-3"),
        Text("SD-3 is done."),
        completing("SD-0"),
        Text("All of it is done."),
    ]
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-0")
        await add(connection, "SD-1", "SD-3", parent_key="SD-0")
        await add(connection, "SD-2", parent_key="SD-0", verification="test -e built", priority=50)

        with AnthropicModel(*script) as model:
            assert machine.run(model, "--session-id", session)["result"] == "All of it is done."
            told = [turn.text for turn in model.turns]

        assert "go on with SD-2 (LEAD phase): about SD-2" in told[3]
        assert "go on with SD-3" in told[5]
        assert "All below it is over" in told[7]
        done = await connection.fetch(
            "select data ->> 'sd_key' as key from holdfast.events where type = 'directive.completed' order by time"
        )
        assert [row["key"] for row in done] == ["SD-1", "SD-2", "SD-3", "SD-0"]
        last = await one(
            connection,
            "select data from holdfast.events where type = 'session.advanced' order by seq desc limit 1",
        )
        assert (last["data"]["decision"], last["data"]["reason"]) == ("pause", "orchestrator_done")


async def test_a_task_is_not_completed_while_the_verification_fails(
    machine: Machine, holdfast_url: str
) -> None:
    create = Call("TaskCreate", {"subject": "Build", "description": "d", "activeForm": "Building"})
    complete = Call("TaskUpdate", {"taskId": "1", "status": "completed"})
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1", verification="echo no file >&2; test -e built")
        script: list[Turn] = [claiming("SD-1"), create, complete, Call("Bash", {"command": "touch built"}), complete, Text("Built.")]  # fmt: skip
        with AnthropicModel(*script) as model:
            machine.run(model, "--session-id", new_session())
            assert "SD-1 is not done" in model.turns[3].text
            assert "no file" in model.turns[3].text
        row = await one(connection, "select completed_steps from holdfast.agent_executions")
        assert row["completed_steps"] == 1
