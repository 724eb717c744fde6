"""The real agent programs call the tools, offline: what they do is in the database, under ids of their own."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid

from tests.support import programs
from tests.support.desk import World
from tests.support.fake_models import AnthropicModel, Call, OpenAIModel, Text, Turn
from tests.support.mcp import plain_environment

STEPS = {"steps": [{"name": "read", "status": "completed"}, {"name": "write", "status": "pending"}]}
SUMMARY = {"summary": "all done"}
CODEX_SERVER = """
[mcp_servers.holdfast]
command = {command}
args = ["-m", "holdfast", "mcp"]
required = true
default_tools_approval_mode = "approve"

[mcp_servers.holdfast.env]
HOLDFAST_DATABASE_URL = {url}
"""


async def _require_worked(world: World, session_id: str, agent: str) -> None:
    """One session under the program's own id, in which everything was done once, and which can be resumed."""
    rows = await world.rows("select session_id, agent, state::text from holdfast.claude_sessions")
    assert rows == [(session_id, agent, "lost")]
    assert await world.directive("SD-2") == ("completed", "LEAD", None)
    [row] = await world.rows(
        "select status::text, completed_steps, total_steps, result from holdfast.agent_executions"
    )
    assert row == ("completed", 1, 2, SUMMARY)


async def _keys(world: World) -> list[tuple[str, str]]:
    return [
        (tool, key)
        for tool, key in await world.rows(
            "select tool, key from holdfast.tool_calls order by created_at"
        )
    ]


async def test_claude_code_works_with_the_tools(world: World) -> None:
    session_id = str(uuid.uuid4())
    server = {
        "command": sys.executable,
        "args": ["-m", "holdfast", "mcp"],
        "env": {"HOLDFAST_DATABASE_URL": world.url},
    }
    turns: list[Turn] = [
        Call("mcp__holdfast__claim_work", {}),
        Call("mcp__holdfast__report_progress", STEPS),
        Call("mcp__holdfast__complete_work", SUMMARY),
        Text("Done."),
    ]
    with AnthropicModel(*turns) as model:
        program = programs.claude(world.folder / "home", model)
        ran = await asyncio.to_thread(
            program.run,
            "-p", "Work.", "--session-id", session_id,
            "--mcp-config", json.dumps({"mcpServers": {"holdfast": server}}),
            "--allowedTools", "mcp__holdfast",
            cwd=world.folder,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        said = [request.text for request in model.turns]
    assert '\\"claimed\\": \\"SD-2\\"' in said[1] or "SD-2" in said[1]
    await _require_worked(world, session_id, "claude")
    keys = await _keys(world)
    assert [tool for tool, _ in keys] == ["claim_work", "report_progress", "complete_work"]
    assert all(key.startswith("toolu_") for _, key in keys)


async def test_hooks_and_tools_of_claude_code_are_one_session(world: World) -> None:
    """The companion of the hooks holds the lease; the tools work under it and leave it alone."""
    session_id = str(uuid.uuid4())
    variables = {"HOLDFAST_DATABASE_URL": world.url, "HOME": str(world.folder / "home")}
    installing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "holdfast", "hooks", "install", "claude", "--yes",
        cwd=world.folder, env={**plain_environment(), **variables, "PATH": programs.PATH},
    )  # fmt: skip
    assert await installing.wait() == 0
    turns: list[Turn] = [
        Call("mcp__holdfast__claim_work", {}),
        Call("mcp__holdfast__complete_work", SUMMARY),
        Text("Done."),
    ]
    with AnthropicModel(*turns) as model:
        program = programs.claude(world.folder / "home", model)
        ran = await asyncio.to_thread(
            program.run, "-p", "Work.", "--session-id", session_id,
            "--mcp-config", ".mcp.json", "--allowedTools", "mcp__holdfast",
            cwd=world.folder, HOLDFAST_DATABASE_URL=world.url,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = await world.rows("select session_id, lease_epoch from holdfast.claude_sessions")
    assert rows == [(session_id, 1)]
    assert (await world.directive("SD-2"))[0] == "completed"
    assert [tool for tool, _ in await _keys(world)] == ["claim_work", "complete_work"]


async def test_codex_works_with_the_tools(world: World) -> None:
    turns: list[Turn] = [
        Call("claim_work", {}, namespace="mcp__holdfast"),
        Call("report_progress", STEPS, namespace="mcp__holdfast"),
        Call("complete_work", SUMMARY, namespace="mcp__holdfast"),
        Text("Done."),
    ]
    with OpenAIModel(*turns) as model:
        program = programs.codex(world.folder / "home", model)
        config = world.folder / "home" / ".codex" / "config.toml"
        server = CODEX_SERVER.format(command=json.dumps(sys.executable), url=json.dumps(world.url))
        config.write_text(config.read_text() + server)
        ran = await asyncio.to_thread(
            program.run, "exec", "--json", "--skip-git-repo-check", "Work.", cwd=world.folder
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    events = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    [thread] = [one["thread_id"] for one in events if one["type"] == "thread.started"]
    await _require_worked(world, thread, "codex")
    keys = await _keys(world)
    assert [tool for tool, _ in keys] == ["claim_work", "report_progress", "complete_work"]
    assert all(key.startswith("call_") for _, key in keys)
