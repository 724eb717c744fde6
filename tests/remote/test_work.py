"""Work through a server: a worker, leases, hooks, tools and commands, as on the database."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from holdfast.client import Holdfast, connect
from holdfast.errors import LeaseLost
from holdfast.executions.run import Run
from holdfast.runtime.worker import Worker
from holdfast.supervisors.handle import Supervisor
from tests.support.api import VENTURE, Server
from tests.support.command_line import Command
from tests.support.mcp import agent
from tests.support.network import network_to
from tests.support.workers import environment, process, until


@asynccontextmanager
async def working(hf: Holdfast) -> AsyncIterator[None]:
    worker = Worker(hf)
    worker.start()
    try:
        yield
    finally:
        await worker.stop()


async def test_a_worker_runs_executions_supervisors_and_questions_through_a_server(
    hf: Holdfast,
) -> None:
    @hf.callable("double")
    async def double(run: Run, number: int) -> int:
        run.log("doubling")
        return 2 * number

    @hf.supervisor("release")
    async def release(supervisor: Supervisor) -> object:
        doubled = await supervisor.gather([await supervisor.spawn("double", number=21)])
        return [doubled, await supervisor.ask("Ship it?", options=["yes", "no"])]

    async with working(hf):
        supervisor = await hf.start("release")

        async def asked() -> object:
            return await hf.questions()

        await until(asked)
        [question] = await hf.questions()
        await hf.answer(question["id"], "yes")
        assert await hf.result(supervisor) == [[42], "yes"]


async def test_the_command_worker_runs_work_on_another_machine(
    hf: Holdfast, server: Server, tmp_path: Path
) -> None:
    """It is given an address and a token, and no database."""
    there = {"url": server.url, "token": server.tokens["agent"], "venture": VENTURE}
    given = {f"HOLDFAST_{name.upper()}": value for name, value in there.items()}
    with process("-m", "holdfast", "worker", env=environment(None) | given, cwd=tmp_path):
        execution = await hf.engine.call_value(
            "create_execution",
            name="elsewhere",
            kind="command",
            input={"command": ["pwd"]},
            venture_id=await hf.venture_id(),
        )

        async def ended() -> object:
            [row] = await hf.engine.read("execution", await hf.venture_id(), execution)
            return row["status"] == "completed"

        await until(ended)
    [log] = await hf.engine.read("execution_logs", await hf.venture_id(), execution, 10)
    assert log["message"] == str(tmp_path)


async def test_a_lease_that_was_lost_stops_its_block_through_a_server(server: Server) -> None:
    async with connect(
        server.url, token=server.tokens["agent"], venture=VENTURE, lease_seconds=1.0
    ) as hf:
        with pytest.raises(LeaseLost):
            async with hf.execution("overtaken") as run:
                await server.engine.call(
                    "cancel_execution", execution_id=run.id, venture_id=server.venture_id
                )
                await asyncio.Event().wait()


async def test_a_lease_that_cannot_be_renewed_stops_its_block(server: Server) -> None:
    async with network_to(server.url) as network:
        async with connect(
            network.url, token=server.tokens["agent"], venture=VENTURE, lease_seconds=1.0
        ) as hf:
            with pytest.raises(LeaseLost):
                async with hf.execution("cut off"):
                    await network.cut()
                    await asyncio.Event().wait()


async def test_an_agents_tools_work_through_a_server(server: Server, work_dir: Path) -> None:
    await server.engine.call(
        "add_directive", sd_key="SD-1", title="a", status="active", venture_id=server.venture_id
    )
    token = {"HOLDFAST_TOKEN": server.tokens["agent"], "HOLDFAST_VENTURE": VENTURE}
    async with agent(server.url, work_dir, **token) as program:
        taken = await program.call("claim_work")
        assert taken["claimed"] == "SD-1"
        await program.call("log", message="at it")
        [held] = await server.engine.read("directives", server.venture_id, None, 10)
        assert held["held_by"] == "agent-1"


@pytest.mark.parametrize("arguments", [["db", "migrate"], ["token", "list"], ["up"], ["down"]])
def test_what_works_on_the_database_only_says_so(cli: Command, arguments: list[str]) -> None:
    told = cli(*arguments)
    assert (told.code, told.out) == (1, "")
    assert "names" in told.err
    assert len(told.err.splitlines()) == 2


def test_status_says_which_server_is_in_front(cli: Command) -> None:
    assert f"venture default · {os.environ['HOLDFAST_URL']}" in cli("status").out
