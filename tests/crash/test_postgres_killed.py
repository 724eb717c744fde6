"""PostgreSQL is killed under load: what was acknowledged is there, and everybody goes on by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine import connections, migrate
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable, LeaseLost
from holdfast.executions.run import Run
from holdfast.runtime.worker import Worker
from holdfast.supervisors.handle import Supervisor
from tests.support import small_plan
from tests.support.crashing import CrashableServer, crashable_server
from tests.support.servers import binaries_of
from tests.support.workers import Rows, rows_of, until, worker

KILLS = 2
WRITERS = 8
# Longer than the server is away; that leases end in time is another file's matter.
LEASE_SECONDS = 20.0
PLANS = 3
STEPS = 40


@pytest.fixture
async def server() -> AsyncIterator[CrashableServer]:
    """A migrated server with fsync, to be killed."""
    with crashable_server(binaries_of("18")) as made:
        await made.start()
        connection = await connections.connect(made.url, Settings())
        await migrate.migrate(connection)
        await connection.close()
        yield made


async def write(
    hf: Holdfast, number: int, stop: asyncio.Event, kept: set[tuple[UUID, str]]
) -> None:
    """Log and step, one execution after another, and note what was acknowledged."""
    while not stop.is_set():
        try:
            async with hf.execution(f"writer {number}") as run:
                for count in range(20):
                    async with run.step(f"step {count}"):
                        run.log(f"line {count}")
                    await run.flush()
                    kept.add((run.id, f"line {count}"))
                    kept.add((run.id, f"step {count}"))
            kept.add((run.id, "completed"))
        except (DatabaseUnavailable, LeaseLost):
            await asyncio.sleep(0.1)


async def kept_in(rows: Rows) -> set[tuple[UUID, str]]:
    """The same, as the database has it."""
    return {
        (row["id"], row["what"])
        for row in await rows.all(
            "select execution_id as id, message as what from holdfast.agent_execution_logs"
            " union all select execution_id, name from holdfast.execution_steps"
            " where status = 'completed'"
            " union all select id, status::text from holdfast.agent_executions"
        )
    }


async def noted(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.mark.timeout(170)
async def test_nothing_acknowledged_is_lost_and_plans_end_though_postgres_is_killed(
    server: CrashableServer, tmp_path: Path
) -> None:
    kept: set[tuple[UUID, str]] = set()
    stop = asyncio.Event()
    file = tmp_path / "noted"
    settings = Settings(database_url=server.url, lease_seconds=LEASE_SECONDS)
    async with AsyncExitStack() as stack:
        hf = await stack.enter_async_context(Holdfast(settings))
        plans = [
            await small_plan.make(hf.database, f"plan{n}", tmp_path / f"plan{n}")
            for n in range(PLANS)
        ]
        supervisor = await hf.start("steps", steps=STEPS, file=str(file))
        writers = [asyncio.create_task(write(hf, n, stop, kept)) for n in range(WRITERS)]
        # Leases of the workers' own are short: they must take up again what they lost meanwhile.
        stack.enter_context(worker(server.url, lease_seconds=1.0, max_deaths=100))
        for kill in range(KILLS):
            so_far = len(kept) + 100

            async def busy(kill: int = kill, so_far: int = so_far) -> bool:
                return len(kept) > so_far and await noted(file) > kill * 5

            await until(busy)
            await server.restart_after_kill()
        stop.set()
        await asyncio.gather(*writers)
        await assert_all_ends(server.url, hf.database, plans, supervisor)

    async with rows_of(server.url) as rows:
        assert kept - await kept_in(rows) == set()
        steps = await rows.all(
            "select name from holdfast.supervisor_steps where supervisor_id = $1"
            " and status = 'completed'",
            supervisor,
        )
        assert {int(number) for number in file.read_text().split()} == set(range(STEPS))
        assert {row["name"] for row in steps} == {f"step {number}" for number in range(STEPS)}
        assert await rows.gaps() == []


async def test_what_ends_while_the_database_is_away_is_kept_and_not_done_again(
    server: CrashableServer,
) -> None:
    begun: list[str] = []
    may_end = {name: asyncio.Event() for name in ("step", "telling", "silent")}

    async def work(name: str) -> str:
        begun.append(name)
        await may_end[name].wait()
        return name

    settings = Settings(database_url=server.url, lease_seconds=LEASE_SECONDS)
    async with Holdfast(settings) as hf:

        @hf.callable("telling")
        async def telling(run: Run) -> str:
            run.log("before")
            given = await work("telling")
            run.log("after")
            return given

        @hf.callable("silent")
        async def silent(run: Run) -> str:
            return await work("silent")

        @hf.supervisor("keeper")
        async def keeper(sup: Supervisor) -> list[Any]:
            first: str = await sup.step("work", work, "step")
            [second] = await sup.gather([await sup.spawn("telling")])
            [third] = await sup.gather([await sup.spawn("silent")])
            return [first, second, third]

        await hf.start("keeper")
        runner = Worker(hf)
        runner.start()
        for number, ends in enumerate(may_end.values(), 1):

            async def has_begun(number: int = number) -> bool:
                return len(begun) == number

            await until(has_begun)
            server.kill()
            ends.set()
            # Now it says what it gave, and nobody is there to hear it.
            await asyncio.sleep(1)
            await server.start()
        async with rows_of(server.url) as rows:
            await until(
                lambda: rows.one("select ended_at is not null from holdfast.supervisor_states")
            )
            result = await rows.one("select result from holdfast.supervisor_states")
            logs = await rows.all("select message from holdfast.agent_execution_logs order by line")
        await runner.stop()

    assert begun == list(may_end)
    assert result == begun
    assert [row["message"] for row in logs] == ["before", "after"]


async def test_a_supervisor_that_gets_on_while_the_database_is_away_is_not_interrupted(
    server: CrashableServer,
) -> None:
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    settings = Settings(database_url=server.url, lease_seconds=LEASE_SECONDS)
    async with Holdfast(settings) as hf:

        @hf.supervisor("goer")
        async def goer(sup: Supervisor) -> list[int]:
            begun.set()
            await may_go_on.wait()
            attempt = await sup.step("while it is away", lambda attempt: attempt)
            await sup.save(activity="it is back")
            return [attempt, sup.restoration_count]

        supervisor = await hf.start("goer")
        runner = Worker(hf)
        runner.start()
        await begun.wait()
        server.kill()
        may_go_on.set()
        await asyncio.sleep(1)
        await server.start()
        assert await hf.result(supervisor) == [1, 0]
        await runner.stop()


async def assert_all_ends(
    url: str, engine: PostgresEngine, plans: list[Any], supervisor: UUID
) -> None:
    """Everything that was begun comes to its end without another worker."""
    async with rows_of(url) as rows, small_plan.answering(engine, rows):
        for plan in plans:
            await until(partial(small_plan.over, rows, plan))
            [(status, state, *_, directive, _)] = (await small_plan.end_of(rows, plan))["plan"]
            assert (status, state, directive) == ("completed", "completed", "completed")

        async def supervisor_is_over() -> bool:
            return bool(
                await rows.one(
                    "select state = 'completed' from holdfast.supervisor_states where id = $1",
                    supervisor,
                )
            )

        await until(supervisor_is_over)
