"""The tools over HTTP: the SDK's own client, with the rights of its token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from holdfast.engine.postgres import PostgresEngine
from tests.support import programs
from tests.support.api import Server, serving
from tests.support.fake_models import AnthropicModel, Call, Text, Turn
from tests.support.mcp import Agent
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
async def server(engine: PostgresEngine) -> AsyncIterator[Server]:
    """A server with the tools."""
    async with serving(engine, with_tools=True) as running:
        yield running


@asynccontextmanager
async def agent(server: Server, role: str = "agent", **headers: str) -> AsyncIterator[Agent]:
    """An agent program on another machine."""
    async with (
        httpx2.AsyncClient(
            headers=server.headers(role) | headers, timeout=PATIENCE_SECONDS
        ) as client,
        streamable_http_client(f"{server.url}/mcp", http_client=client) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield Agent(session)


async def add(server: Server, sd_key: str, **values: str) -> None:
    await server.engine.call(
        "add_directive",
        sd_key=sd_key,
        title=f"title of {sd_key}",
        status="active",
        venture_id=server.venture_id,
        **values,
    )


async def holders(server: Server) -> dict[str, str | None]:
    rows = await server.engine.read("directives", server.venture_id, None, 10)
    return {row["sd_key"]: row["held_by"] for row in rows}


async def test_an_agent_on_another_machine_claims_works_and_completes(server: Server) -> None:
    await add(server, "SD-1")
    async with agent(server, **{"Holdfast-Session": "remote-1"}) as worker:
        claimed = await worker.call("claim_work", key="SD-1")
        assert claimed["claimed"] == "SD-1"
        assert await holders(server) == {"SD-1": "remote-1"}
        await worker.call("report_progress", steps=[{"name": "only", "status": "completed"}])
        await worker.call("complete_work", summary="done")
    assert await holders(server) == {}


async def test_claude_code_works_with_the_tools_of_a_server_on_another_machine(
    server: Server, tmp_path: Path
) -> None:
    await add(server, "SD-1")
    turns: list[Turn] = [
        Call("mcp__holdfast__claim_work", {}),
        Call("mcp__holdfast__complete_work", {"summary": "all done"}),
        Text("Done."),
    ]
    there = {
        "type": "http",
        "url": f"{server.url}/mcp",
        "headers": server.headers("agent") | {"Holdfast-Session": "claude-elsewhere"},
    }
    with AnthropicModel(*turns) as model:
        program = programs.claude(tmp_path / "home", model)
        ran = await asyncio.to_thread(
            program.run, "-p", "Work.", "--allowedTools", "mcp__holdfast",
            "--mcp-config", json.dumps({"mcpServers": {"holdfast": there}}),
            cwd=tmp_path,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
    [session] = await server.engine.read("sessions", server.venture_id, True, 10)
    assert session["session_id"] == "claude-elsewhere"
    [directive] = await server.engine.read("directive", server.venture_id, "SD-1")
    assert directive["status"] == "completed"


async def test_agents_with_one_token_have_sessions_of_their_own(server: Server) -> None:
    await add(server, "SD-1")
    async with agent(server) as one, agent(server) as other:
        assert (await one.call("claim_work", key="SD-1"))["claimed"] == "SD-1"
        assert "SD-1 is held by" in await other.refused("claim_work", key="SD-1")


async def test_a_call_that_is_repeated_on_another_connection_is_of_the_same_session(
    server: Server,
) -> None:
    await add(server, "SD-1")
    for _ in range(2):
        async with agent(server, **{"Holdfast-Session": "remote-1"}) as worker:
            assert (await worker.call("claim_work", call_id="c1", key="SD-1"))["claimed"] == "SD-1"
    assert await holders(server) == {"SD-1": "remote-1"}


async def test_a_token_may_do_with_tools_what_its_role_may(server: Server) -> None:
    async with agent(server, "viewer") as viewer:
        assert "does not have you as agent" in await viewer.refused("claim_work")


async def test_a_venture_that_is_not_the_tokens_is_not_served(
    engine: PostgresEngine, server: Server
) -> None:
    await engine.call("open_venture", slug="other")
    async with server.client("owner") as client:
        for venture in ("other", "no-such"):
            answer = await client.post(f"/mcp?venture={venture}", json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "HF007")
    async with server.client(None) as client:
        assert (await client.post("/mcp", json={})).status_code == 401


async def test_a_verification_does_not_run_on_the_servers_machine(
    server: Server, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    await add(server, "SD-1", verification=f"touch {mark}")
    async with agent(server) as worker:
        await worker.call("claim_work", key="SD-1")
        told = await worker.refused("complete_work", summary="done")
    assert "verification" in told
    assert not mark.exists()


async def test_sessions_are_given_back_when_the_server_stops(engine: PostgresEngine) -> None:
    async with serving(engine, with_tools=True) as server:
        await add(server, "SD-1")
        async with agent(server, **{"Holdfast-Session": "remote-1"}) as worker:
            await worker.call("claim_work", key="SD-1")
    [row] = await engine.read("sessions", server.venture_id, True, 10)
    assert (row["session_id"], row["is_live"]) == ("remote-1", False)
