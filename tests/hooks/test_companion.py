"""Hooks of an agent program against a real database: the session finds its place, and is stopped where it may not go on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.hooks import entry
from holdfast.hooks.programs import PROGRAMS
from tests.support.crashing import crashable_server
from tests.support.hooked import HookedAgent, hooked_agent
from tests.support.migration import migrated
from tests.support.processes import kill, wait_until
from tests.support.servers import binaries_of
from tests.support.sql import call, call_row, connected, one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from holdfast.engine.connections import Connection


@pytest.fixture
def agent(work_dir: Path, holdfast_url: str) -> Iterator[HookedAgent]:
    with hooked_agent(work_dir / "project", holdfast_url) as made:
        yield made


async def add(connection: Connection, *keys: str, **more: Any) -> None:
    for key in keys:
        await call(
            connection, "add_directive", sd_key=key, title=f"about {key}", status="active", **more
        )


async def session_row(connection: Connection, session_id: str) -> Any:
    return await one(
        connection, "select * from holdfast.claude_sessions where session_id = $1", session_id
    )


async def held_by(connection: Connection, sd_key: str) -> str | None:
    row = await one(
        connection,
        "select s.session_id from holdfast.directives d "
        "left join holdfast.directive_claims c on c.directive_id = d.id "
        "left join holdfast.claude_sessions s on s.id = c.session_id where d.sd_key = $1",
        sd_key,
    )
    held: str | None = row["session_id"]
    return held


async def fence_of(connection: Connection, session_id: str) -> dict[str, Any]:
    row = await session_row(connection, session_id)
    return {"session_id": session_id, "epoch": row["lease_epoch"], "token": row["lease_token"]}


def command(agent: HookedAgent, *arguments: str) -> None:
    """As the agent's own Bash tool runs `holdfast`: with the lease that the project's cache keeps."""
    ended = subprocess.run(
        [sys.executable, "-m", "holdfast", *arguments],
        cwd=agent.project,
        env=agent.environment() | {"HOLDFAST_SESSION": agent.session_id},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def claim(agent: HookedAgent, sd_key: str) -> None:
    command(agent, "session", "claim", sd_key)


async def test_the_first_hook_registers_the_session_and_tells_it_its_place(
    agent: HookedAgent, holdfast_url: str
) -> None:
    told = agent.fire("SessionStart", source="startup")

    assert told.exit == 0
    assert agent.session_id in told.context
    assert "You hold no directive" in told.context
    variables = (agent.project / "variables.sh").read_text()
    assert f"export HOLDFAST_SESSION='{agent.session_id}'" in variables
    async with connected(holdfast_url) as connection:
        row = await session_row(connection, agent.session_id)
    assert (row["state"], row["agent"]) == ("running", "claude")
    assert f"process {agent.process.pid}" in row["lease_holder"]


async def test_what_hooks_did_is_told_at_the_end_at_the_latest(
    agent: HookedAgent, holdfast_url: str
) -> None:
    agent.fire("SessionStart", source="startup")
    for _ in range(2):
        agent.tool("PreToolUse", "Bash", command="ls")
    agent.fire("SessionEnd", reason="exit")
    agent.until_alone()

    async with connected(holdfast_url) as connection:
        rows = await connection.fetch(
            "select hook, runs, refusals, longest > 0 as took from holdfast.session_hooks order by hook"
        )
    assert [tuple(row) for row in rows] == [
        ("PreToolUse", 2, 0, True),
        ("SessionEnd", 1, 0, True),
        ("SessionStart", 1, 0, True),
    ]


async def test_on_a_machine_on_which_programs_start_slowly_the_first_hook_still_tells_the_place(
    agent: HookedAgent, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = work_dir / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if 'holdfast.hooks.companion' in sys.orig_argv:\n"
        f"    time.sleep({entry.ANSWER_SECONDS + 1})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(slow))

    assert agent.session_id in agent.fire("SessionStart", source="startup").context


async def test_a_session_that_ended_well_is_opened_again_at_its_place(
    agent: HookedAgent, holdfast_url: str
) -> None:
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1")
        agent.fire("SessionStart", source="startup")
        claim(agent, "SD-1")
        agent.fire("SessionEnd", reason="prompt_input_exit")
        agent.until_alone()
        row = await session_row(connection, agent.session_id)
        assert (row["state"], row["end_reason"]) == ("ended", "prompt_input_exit")
        assert await held_by(connection, "SD-1") is None

        told = agent.fire("SessionStart", source="resume")

        assert "You hold SD-1 (LEAD phase): about SD-1" in told.context
        assert await held_by(connection, "SD-1") == agent.session_id


async def test_a_killed_session_goes_on_elsewhere_and_hears_what_happened_meanwhile(
    agent: HookedAgent, holdfast_url: str, work_dir: Path
) -> None:
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-0")
        await add(connection, "SD-1", "SD-2", parent_key="SD-0")
        agent.fire("SessionStart", source="startup")
        claim(agent, "SD-1")
        agent.tool("PostToolUse", "TodoWrite", todos=[
            {"content": "read", "status": "in_progress", "activeForm": "reading the schema"}
        ])  # fmt: skip
        agent.kill()
        assert (await session_row(connection, agent.session_id))["state"] == "lost"
        await call(connection, "move_directive", sd_key="SD-2", status="completed")

        with hooked_agent(
            work_dir / "another clone", holdfast_url, session_id=agent.session_id
        ) as again:
            told = again.fire("SessionStart", source="resume")

            assert "You hold SD-1" in told.context
            assert "Your last task: reading the schema" in told.context
            assert "SD-2 completed" in told.context
            assert "1 of 2 children are completed" in told.context
            assert await held_by(connection, "SD-1") == agent.session_id


def test_a_twin_is_denied_until_the_first_is_gone(agent: HookedAgent, holdfast_url: str) -> None:
    agent.fire("SessionStart", source="startup")
    with hooked_agent(agent.project, holdfast_url, session_id=agent.session_id) as twin:
        assert "will be refused" in twin.fire("SessionStart", source="resume").context
        prompt = twin.fire("UserPromptSubmit", prompt="go on")
        tool = twin.tool("PreToolUse", "Bash", command="ls")
        assert (prompt.exit, tool.exit) == (2, 2)
        assert f"process {agent.process.pid}" in prompt.err
        assert agent.fire("UserPromptSubmit", prompt="mine").exit == 0

        agent.kill()

        assert twin.fire("UserPromptSubmit", prompt="now").exit == 0


async def test_a_session_whose_directive_was_taken_is_stopped_and_told_by_whom(
    agent: HookedAgent, holdfast_url: str
) -> None:
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1", "SD-2")
        agent.fire("SessionStart", source="startup")
        claim(agent, "SD-1")
        thief = await call_row(connection, "start_session", session_id="thief", lease_seconds=60)
        fence = {"session_id": "thief", "epoch": thief["epoch"], "token": thief["token"]}
        await call(
            connection, "claim_directive", **fence, sd_key="SD-1", take_over_reason="it hangs"
        )

        told = agent.tool("PreToolUse", "Bash", command="rm -r build")

        assert told.exit == 2
        assert "SD-1 was taken over: thief holds it" in told.err
        assert agent.tool("PreToolUse", "Bash", command="holdfast directive tree").exit == 0
        assert agent.tool("PreToolUse", "mcp__holdfast__get_context").exit == 0
        assert agent.fire("UserPromptSubmit", prompt="what?").exit == 2
        assert agent.fire("UserPromptSubmit", prompt="go on with SD-2").exit == 0
        claim(agent, "SD-2")
        assert agent.tool("PreToolUse", "Bash", command="ls").exit == 0


async def test_what_an_agent_gives_back_itself_is_no_loss(
    agent: HookedAgent, holdfast_url: str
) -> None:
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1")
        agent.fire("SessionStart", source="startup")
        claim(agent, "SD-1")
        command(agent, "session", "release")
        assert agent.tool("PreToolUse", "Bash", command="ls").exit == 0


@pytest.mark.parametrize(
    ("tool", "lists", "response"),
    [
        ("TodoWrite", [{"todos": [
            {"content": "a", "status": "completed", "activeForm": "doing a"},
            {"content": "b", "status": "in_progress", "activeForm": "doing b"}]}], None),
        ("update_plan", [{"plan": [
            {"step": "a", "status": "completed"}, {"step": "doing b", "status": "in_progress"}]}], None),
        ("write_todos", [{"todos": [
            {"description": "a", "status": "completed"}, {"description": "doing b", "status": "in_progress"},
            {"description": "c", "status": "cancelled"}]}], None),
    ],
)  # fmt: skip
async def test_a_todo_list_becomes_progress(
    agent: HookedAgent, holdfast_url: str, tool: str, lists: list[dict[str, Any]], response: Any
) -> None:
    agent.fire("SessionStart", source="startup")
    for given in lists:
        agent.fire("PostToolUse", tool_name=tool, tool_input=given, tool_response=response)
    async with connected(holdfast_url) as connection:
        row = await one(connection, "select * from holdfast.agent_executions")
    assert (row["completed_steps"], row["total_steps"]) == (1, 2)
    assert row["current_activity"] == "doing b"


async def test_tasks_become_progress_one_by_one(agent: HookedAgent, holdfast_url: str) -> None:
    agent.fire("SessionStart", source="startup")
    for number in ("1", "2"):
        agent.fire(
            "PostToolUse",
            tool_name="TaskCreate",
            tool_input={"subject": f"task {number}", "activeForm": f"doing {number}"},
            tool_response={"task": {"id": number, "subject": f"task {number}"}},
        )
    agent.tool("PostToolUse", "TaskUpdate", taskId="1", status="completed")
    agent.tool("PostToolUse", "TaskUpdate", taskId="2", status="in_progress")
    async with connected(holdfast_url) as connection:
        row = await one(connection, "select * from holdfast.agent_executions")
    assert (row["completed_steps"], row["total_steps"], row["current_activity"]) == (
        1,
        2,
        "doing 2",
    )


async def test_a_gated_call_waits_for_a_person_and_an_approval_is_for_one_exact_call(
    work_dir: Path, holdfast_url: str
) -> None:
    with hooked_agent(work_dir / "p", holdfast_url, gated_tools="Bash(git push*)") as agent:
        agent.fire("SessionStart", source="startup")
        push = {"command": "git push origin main"}
        assert agent.tool("PreToolUse", "Bash", command="git status").out == ""

        assert agent.tool("PreToolUse", "Bash", **push).decision == "defer"

        async with connected(holdfast_url) as connection:
            asked = await one(connection, "select * from holdfast.questions")
            assert "git push origin main" in asked["message"]
            assert (await session_row(connection, agent.session_id))["state"] == "requires_action"
            assert agent.tool("PreToolUse", "Bash", **push).decision == "defer"
            await call(connection, "answer_question", question_id=asked["id"], answer="approve")
            assert agent.tool("PreToolUse", "Bash", command="git push --force").decision == "defer"
            assert agent.tool("PreToolUse", "Bash", **push).decision == "allow"
            row = await one(
                connection, "select * from holdfast.questions where id = $1", asked["id"]
            )
            assert row["status"] == "acknowledged"
            assert agent.tool("PreToolUse", "Bash", **push).decision == "defer"


@pytest.mark.parametrize(
    "command", ["holdfast answer 1f3a approve", "cd /tmp && holdfast  answer 1f3a yes"]
)
def test_an_agent_does_not_answer_for_the_person(agent: HookedAgent, command: str) -> None:
    agent.fire("SessionStart", source="startup")
    told = agent.tool("PreToolUse", "Bash", command=command)
    assert told.exit == 2
    assert "Only a person answers" in told.err


async def test_a_rejected_call_is_refused_and_says_by_whom(
    work_dir: Path, holdfast_url: str
) -> None:
    with hooked_agent(work_dir / "p", holdfast_url, program="codex", gated_tools="deploy") as agent:
        agent.fire("SessionStart", source="startup")
        waiting = agent.tool("PreToolUse", "deploy", to="production")
        assert waiting.exit == 2
        assert "needs a person's approval: question" in waiting.err
        async with connected(holdfast_url) as connection:
            asked = await one(connection, "select id from holdfast.questions")
            await call(
                connection,
                "answer_question",
                question_id=asked["id"],
                answer="reject",
                answered_by="Ann",
            )
        told = agent.tool("PreToolUse", "deploy", to="production")
        assert told.exit == 2
        assert "Ann answered 'reject'" in told.err


async def test_a_killed_companion_is_replaced_and_the_session_keeps_what_it_holds(
    agent: HookedAgent, holdfast_url: str
) -> None:
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1")
        agent.fire("SessionStart", source="startup")
        claim(agent, "SD-1")
        first = agent.companion_pid()
        kill(first)

        assert agent.tool("PreToolUse", "Bash", command="ls").exit == 0

        assert agent.companion_pid() != first
        assert await held_by(connection, "SD-1") == agent.session_id
        row = await session_row(connection, agent.session_id)
        assert (row["state"], row["lease_epoch"]) == ("running", 2)


async def test_a_person_who_ends_the_session_stops_the_program(
    agent: HookedAgent, holdfast_url: str
) -> None:
    agent.fire("SessionStart", source="startup")
    command(agent, "session", "end", "--reason", "enough")

    told = agent.fire("UserPromptSubmit", prompt="go on")

    assert told.exit == 2
    assert "ended at" in told.err


async def test_before_compaction_the_place_is_kept_and_told_again(
    agent: HookedAgent, holdfast_url: str
) -> None:
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-1")
        agent.fire("SessionStart", source="startup")
        assert agent.fire("UserPromptSubmit", prompt="a").out == ""
        claim(agent, "SD-1")

        agent.fire("PreCompact", trigger="auto")

        state = (await session_row(connection, agent.session_id))["metadata"]["execution_state"]
        assert (state["currentSd"], state["isActive"]) == ("SD-1", True)
        assert "You hold SD-1" in agent.fire("UserPromptSubmit", prompt="b").context


async def test_an_answer_reaches_the_agent_with_its_next_prompt(
    agent: HookedAgent, holdfast_url: str
) -> None:
    agent.fire("SessionStart", source="startup")
    async with connected(holdfast_url) as connection:
        fence = await fence_of(connection, agent.session_id)
        asked = await call_row(connection, "ask_question", **fence, message="Which region?")
        assert agent.fire("UserPromptSubmit", prompt="a").out == ""
        await call(
            connection, "answer_question", question_id=asked["id"], answer="eu", answered_by="Ann"
        )
    assert "Which region? — Ann: eu" in agent.fire("UserPromptSubmit", prompt="b").context


async def test_the_status_line_says_where_the_session_is(
    agent: HookedAgent, holdfast_url: str
) -> None:
    text = json.dumps({"session_id": agent.session_id})
    assert agent.call(text, "statusline").out == "holdfast: not connected"
    async with connected(holdfast_url) as connection:
        await add(connection, "SD-0")
        await add(connection, "SD-1", "SD-2", parent_key="SD-0")
        agent.fire("SessionStart", source="startup")
        assert agent.call(text, "statusline").out == "holdfast: no directive"
        claim(agent, "SD-2")
        assert agent.call(text, "statusline").out == "LEAD | Child 1/2 | SD-2"
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "holdfast", "statusline"],
            input=text.encode(),
            env=agent.environment(),
            cwd=agent.project,
            capture_output=True,
            check=True,
        )
        assert ended.stdout == b"LEAD | Child 1/2 | SD-2"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"session_id": ""}'])
def test_what_is_no_event_is_no_traceback(agent: HookedAgent, text: str) -> None:
    told = agent.call(text)
    assert (told.exit, told.out, told.err) == (0, "", "")


def test_the_entry_point_knows_every_program() -> None:
    assert set(entry.PROGRAMS) == set(PROGRAMS)


def test_an_unknown_program_is_told_and_starts_nothing(agent: HookedAgent) -> None:
    agent.program = "cluade"
    told = agent.fire("SessionStart", source="startup")
    assert (told.exit, told.out) == (1, "")
    assert "program = 'cluade' is not one of claude, codex, gemini." in told.err
    assert not agent.point.exists()


@pytest.mark.parametrize("event", ["Notification", "SomethingNew"])
def test_an_unknown_event_passes(agent: HookedAgent, event: str) -> None:
    told = agent.fire(event)
    assert (told.exit, told.out) == (0, "")


def test_a_stopped_companion_neither_hangs_the_program_nor_lets_it_pass_the_fence(
    agent: HookedAgent,
) -> None:
    agent.fire("SessionStart", source="startup")
    companion = agent.companion_pid()
    os.kill(companion, signal.SIGSTOP)
    try:
        told = agent.fire("UserPromptSubmit", prompt="go on")
        assert told.exit == 2
        assert "its companion did not answer in time" in told.err
        assert agent.tool("PostToolUse", "Bash", command="ls").exit == 0
        agent.settings["hooks_when_unsure"] = "open"
        assert agent.fire("UserPromptSubmit", prompt="go on").exit == 0
    finally:
        os.kill(companion, signal.SIGCONT)


def test_without_a_database_a_session_that_holds_nothing_works(work_dir: Path) -> None:
    nowhere = f"postgresql:///none?host={work_dir}"
    with hooked_agent(work_dir / "project", nowhere) as agent:
        begun = agent.fire("SessionStart", source="startup")
        assert "told as soon as its database answers" in begun.context
        assert agent.fire("UserPromptSubmit", prompt="go").exit == 0
        assert agent.tool("PreToolUse", "Bash", command="ls").exit == 0


async def test_a_place_that_could_not_be_told_at_first_is_told_after_a_tool(
    work_dir: Path,
) -> None:
    with crashable_server(binaries_of("18")) as server:
        with hooked_agent(work_dir / "p", server.url) as agent:
            assert "starting" in agent.fire("SessionStart", source="startup").context
            await server.start()
            await migrated(server.url)

            def is_told() -> bool:
                told = agent.tool("PostToolUse", "Bash", command="ls").context
                return "Holdfast keeps this session" in told

            wait_until(is_told, "the place")
            assert agent.tool("PostToolUse", "Bash", command="ls").out == ""


def test_with_settings_that_cannot_be_read_nothing_passes_the_fence(
    agent: HookedAgent,
) -> None:
    (agent.project / "holdfast.toml").write_text('gated_tool = ["Bash"]')
    agent.fire("SessionStart", source="startup")
    told = agent.tool("PreToolUse", "Bash", command="ls")
    assert told.exit == 2
    assert "gated_tool" in told.err
    assert "Did you mean gated_tools?" in told.err


def test_without_a_database_a_gated_call_is_refused(work_dir: Path) -> None:
    nowhere = f"postgresql:///none?host={work_dir}"
    with hooked_agent(work_dir / "project", nowhere, gated_tools="deploy") as agent:
        agent.fire("SessionStart", source="startup")
        told = agent.tool("PreToolUse", "deploy")
        assert told.exit == 2
        assert "cannot ask a person" in told.err


async def test_while_the_database_is_away_a_claim_is_fenced_once_its_lease_is_over(
    work_dir: Path,
) -> None:
    with crashable_server(binaries_of("18")) as server:
        await server.start()
        await migrated(server.url)
        with hooked_agent(work_dir / "p", server.url, hooks_lease_seconds="3") as agent:
            async with connected(server.url) as connection:
                await add(connection, "SD-1")
            agent.fire("SessionStart", source="startup")
            claim(agent, "SD-1")
            todos = [{"content": "read", "status": "in_progress", "activeForm": "reading"}]
            server.kill()
            assert agent.tool("PostToolUse", "TodoWrite", todos=todos).exit == 0

            def is_fenced() -> bool:
                return agent.tool("PreToolUse", "Bash", command="ls").exit == 2

            wait_until(is_fenced, "the fence")
            assert "the database is away" in agent.fire("UserPromptSubmit", prompt="a").err

            await server.start()

            wait_until(lambda: not is_fenced(), "the way back")
            async with connected(server.url) as connection:
                assert await held_by(connection, "SD-1") == agent.session_id
                row = await one(connection, "select * from holdfast.agent_executions")
                assert row["current_activity"] == "reading"
