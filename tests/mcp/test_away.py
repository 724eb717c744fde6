"""The database may be away when the server starts and whenever a tool is called; nothing but protocol is printed."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.config import Settings
from holdfast.engine import connections, migrate
from tests.support.crashing import CrashableServer, crashable_server
from tests.support.desk import World
from tests.support.mcp import Agent, agent, plain_environment
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import binaries_of
from tests.support.sql import call, connected


@pytest.fixture
async def server() -> AsyncIterator[CrashableServer]:
    """A server that has not been started yet."""
    with crashable_server(binaries_of("18")) as made:
        yield made


@pytest.fixture(autouse=True)
def project(work_dir: Path) -> None:
    """The folder is a project, so that its cache is its own."""
    (work_dir / ".holdfast").mkdir()


async def _migrate(server: CrashableServer) -> None:
    connection = await connections.connect(server.url, Settings())
    try:
        await migrate.migrate(connection)
    finally:
        await connection.close()


async def _until_it_answers(client: Agent) -> Any:
    """The context, as soon as a tool gives it again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await client.call("get_context")
            except AssertionError:
                await asyncio.sleep(0.05)


async def test_the_server_starts_without_a_database_and_uses_it_once_it_is_there(
    server: CrashableServer, work_dir: Path
) -> None:
    async with agent(server.url, work_dir) as client:
        assert len((await client.session.list_tools()).tools) == 10
        said = await client.refused("claim_work")
        assert said.startswith("The database at postgresql:///")
        assert "cannot be reached" in said
        await server.start()
        assert "Next: Run: holdfast db migrate" in await client.refused("claim_work")
        await _migrate(server)
        assert (await client.call("claim_work"))["claimed"] is None


async def test_tools_go_on_when_the_database_is_back_and_nothing_is_lost(
    server: CrashableServer, work_dir: Path
) -> None:
    await server.start()
    await _migrate(server)
    async with connected(server.url) as connection:
        await call(connection, "add_directive", sd_key="SD-1", title="one", status="active")
    async with agent(server.url, work_dir) as client:
        await client.call("claim_work", "toolu_1")
        await client.call("log", "toolu_2", message="before")
        server.kill()
        said = await client.refused("log", "toolu_3", message="while it was away")
        assert "Next: Check HOLDFAST_DATABASE_URL" in said
        await server.start()
        assert (await _until_it_answers(client))["directive"]["key"] == "SD-1"
        assert await client.call("log", "toolu_3", message="while it was away") == {"line": 2}
        assert await client.call("log", "toolu_2", message="before") == {"line": 1}
        assert (await client.call("complete_work", summary="done"))["completed"] == "SD-1"


async def test_a_question_outlives_the_database_that_goes_away_while_it_waits(
    server: CrashableServer, work_dir: Path
) -> None:
    await server.start()
    await _migrate(server)
    async with agent(server.url, work_dir) as client:
        asking = asyncio.create_task(client.call("ask_human", question="Which?", wait_seconds=600))
        async with connected(server.url) as connection, asyncio.timeout(PATIENCE_SECONDS):
            while not (ticket := await connection.fetchval("select id from holdfast.questions")):
                await asyncio.sleep(0.02)
        server.kill()
        asked = await asking
        assert asked["ticket"] == str(ticket)
        assert asked["status"] == "open"
        await server.start()
        async with connected(server.url) as connection:
            await call(connection, "answer_question", question_id=ticket, answer="this")
        await _until_it_answers(client)
        [answer] = (await client.call("check_answers"))["answers"]
        assert (answer["ticket"], answer["answered"]) == (str(ticket), "this")


async def test_nothing_but_protocol_is_printed_whatever_happens(world: World) -> None:
    (world.folder / ".holdfast" / "state.lock").mkdir()  # the cache cannot be written
    messages: list[dict[str, Any]] = [
        {
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        },
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "claim_work", "arguments": {}}},
        {
            "id": 3,
            "method": "tools/call",
            "params": {"name": "claim_work", "arguments": {"key": 1}},
        },
        {"id": 4, "method": "tools/call", "params": {"name": "nonsense"}},
        {"id": 5, "method": "nonsense"},
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "holdfast", "mcp",
        cwd=world.folder, stdin=PIPE, stdout=PIPE, stderr=PIPE,
        env={**plain_environment(), "HOLDFAST_DATABASE_URL": world.url},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"this is no message\n")
    answers: dict[int, Any] = {}
    for message in messages:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        while "id" in message and message["id"] not in answers:
            answer = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS))
            assert answer["jsonrpc"] == "2.0"
            answers[answer.get("id")] = answer
    process.stdin.close()
    out, err = await process.communicate()
    assert (out, process.returncode) == (b"", 0)
    assert b"cannot be written" in err
    assert b"Traceback" not in err
    assert answers[2]["result"]["structuredContent"]["claimed"] == "SD-2"
    assert answers[3]["result"]["isError"] is True
