"""Workers that are stopped, killed and blocked: what they held is taken up, once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.executions.run import Run
from holdfast.runtime.worker import Worker
from tests.support.workers import LEASE_SECONDS, Rows, ended, rows_of, until, worker

# Issue 2: a crashed worker's work is taken up within lease + 1 s. Both ends are read from the database's clock; the
# second more is for a machine whose cores others keep busy, and still less than a poll that does not work would take.
TAKEN_UP_WITHIN = timedelta(seconds=1)
FOR_A_BUSY_MACHINE = timedelta(seconds=1)
LONG_LEASE_SECONDS = 60.0


@pytest.fixture
async def rows(engine: PostgresEngine) -> AsyncIterator[Rows]:
    async with rows_of(engine.url) as found:
        yield found


async def new_supervisor(engine: PostgresEngine, handler: str, **input: Any) -> UUID:
    row = await engine.call_row("create_supervisor", name=handler, handler=handler, input=input)
    found: UUID = row["id"]
    return found


async def new_execution(engine: PostgresEngine, kind: str, **input: Any) -> UUID:
    found: UUID = await engine.call_value("create_execution", name=kind, kind=kind, input=input)
    return found


async def both_held(rows: Rows, supervisor: UUID, execution: UUID) -> bool:
    """Whether somebody works at both."""
    step = await rows.events(supervisor, "supervisor.step_completed")
    logged = await rows.events(execution, "execution.logged")
    return bool(step and logged)


async def state_of(rows: Rows, supervisor: UUID) -> Any:
    [row] = await rows.all("select * from holdfast.supervisor_states where id = $1", supervisor)
    return row


async def execution_of(rows: Rows, execution: UUID) -> Any:
    [row] = await rows.all("select * from holdfast.agent_executions where id = $1", execution)
    return row


async def time_of(rows: Rows, stream_id: UUID, kind: str) -> datetime | None:
    """When the newest event of a type happened."""
    found = await rows.events(stream_id, kind)
    return found[-1]["time"] if found else None


async def test_a_worker_told_to_stop_gives_its_work_back_at_once_and_no_attempt_is_counted(
    engine: PostgresEngine, rows: Rows, tmp_path: Path
) -> None:
    file = tmp_path / "go on"
    supervisor = await new_supervisor(engine, "wait", file=str(file))
    execution = await new_execution(engine, "callable:wait", file=str(file))
    with worker(engine.url, lease_seconds=LONG_LEASE_SECONDS) as first:
        await until(lambda: both_held(rows, supervisor, execution))
        leased_until = (await execution_of(rows, execution))["lease_expires_at"]
        first.send_signal(signal.SIGTERM)
        assert await ended(first) == 0
    assert (await execution_of(rows, execution))["lease_token"] is None
    assert (await state_of(rows, supervisor))["lease_token"] is None

    file.touch()
    with worker(engine.url, lease_seconds=LONG_LEASE_SECONDS):
        assert await until(lambda: time_of(rows, execution, "execution.completed")) < leased_until
        assert await until(lambda: time_of(rows, supervisor, "supervisor.completed")) < leased_until

    finished = await execution_of(rows, execution)
    assert (finished["attempt"], finished["result"]) == (1, 1)
    restored = await state_of(rows, supervisor)
    assert (restored["restoration_source"], restored["deaths_in_a_row"]) == ("daemon_restart", 0)
    assert await rows.events(supervisor, "supervisor.interrupted") == []


async def test_what_a_worker_is_given_while_it_stops_is_given_back(
    engine: PostgresEngine, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, call = asyncio.Event(), PostgresEngine.call

    async def slow_call(self: PostgresEngine, function: str, /, **arguments: Any) -> Any:
        answer = await call(self, function, **arguments)
        if function == "claim_executions" and answer:
            given.set()
            await asyncio.sleep(0.2)  # on its way
        return answer

    async with Holdfast(Settings(database_url=engine.url)) as hf:

        @hf.callable("wait")
        async def wait(run: Run) -> None:
            await asyncio.Event().wait()

        execution = await new_execution(engine, "callable:wait")
        worker = Worker(hf)
        monkeypatch.setattr(PostgresEngine, "call", slow_call)
        worker.start()
        await given.wait()
        await worker.stop()
    row = await execution_of(rows, execution)
    assert (row["lease_token"], row["attempt"]) == (None, 0)


async def test_the_work_of_a_killed_worker_is_taken_up_within_its_lease_and_a_second(
    engine: PostgresEngine, rows: Rows, tmp_path: Path
) -> None:
    file = tmp_path / "go on"
    supervisor = await new_supervisor(engine, "wait", file=str(file))
    execution = await new_execution(engine, "callable:wait", file=str(file))
    with worker(engine.url) as first:
        await until(lambda: both_held(rows, supervisor, execution))
        with worker(engine.url) as second:
            await until(lambda: listens(rows, second.pid, workers=2))
            first.kill()
            await ended(first)
            taken_up = [await until(lambda: time_of(rows, execution, "execution.restarted"))]
            taken_up += [await until(lambda: time_of(rows, supervisor, "supervisor.restored"))]
            file.touch()
            await until(lambda: time_of(rows, execution, "execution.completed"))
            await until(lambda: time_of(rows, supervisor, "supervisor.completed"))

    [interrupted] = await rows.events(supervisor, "supervisor.interrupted")
    expired = datetime.fromisoformat(interrupted["data"]["expired_at"])
    for time in taken_up:
        assert timedelta(0) <= time - expired <= TAKEN_UP_WITHIN + FOR_A_BUSY_MACHINE
    assert (await execution_of(rows, execution))["attempt"] == 2
    assert await rows.gaps() == []


async def listens(rows: Rows, pid: int, *, workers: int) -> bool:
    """Whether so many workers are connected and hear the doorbell."""
    listening: int = await rows.one(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and query ilike 'listen%'"
    )
    return listening >= workers


@pytest.mark.parametrize(("setting", "deaths"), [(None, 5), (2, 2)])
async def test_a_supervisor_that_keeps_dying_without_getting_on_is_stopped_with_the_reason(
    engine: PostgresEngine, rows: Rows, setting: int | None, deaths: int
) -> None:
    supervisor = await new_supervisor(engine, "die")

    await run_workers_until_ended(engine, rows, supervisor, max_deaths=setting)

    row = await state_of(rows, supervisor)
    assert (row["state"], row["deaths_in_a_row"]) == ("failed", deaths)
    assert f"died {deaths} times in a row" in row["error_message"]
    assert len(await rows.events(supervisor, "supervisor.interrupted")) == deaths


async def test_a_supervisor_that_gets_on_between_its_deaths_is_not_stopped(
    engine: PostgresEngine, rows: Rows
) -> None:
    supervisor = await new_supervisor(engine, "get on and die")

    await run_workers_until_ended(engine, rows, supervisor)

    row = await state_of(rows, supervisor)
    assert (row["state"], row["result"], row["restoration_count"]) == ("completed", "alive", 6)


async def run_workers_until_ended(
    engine: PostgresEngine, rows: Rows, supervisor: UUID, **settings: Any
) -> None:
    """One worker after another, until none is needed any more."""

    async def is_over() -> bool:
        return (await state_of(rows, supervisor))["ended_at"] is not None

    while not await is_over():
        with worker(engine.url, lease_seconds=0.3, **settings) as running:

            async def is_done(running: Any = running) -> bool:
                return running.poll() is not None or await is_over()

            await until(is_done)


async def test_a_blocked_event_loop_does_not_lose_the_lease(
    engine: PostgresEngine, rows: Rows
) -> None:
    supervisor = await new_supervisor(engine, "block", seconds=3 * LEASE_SECONDS)

    with worker(engine.url), worker(engine.url):
        await until(lambda: time_of(rows, supervisor, "supervisor.completed"))

    row = await state_of(rows, supervisor)
    assert (row["result"], row["restoration_count"]) == (0, 0)
    assert row["ended_at"] - row["started_at"] >= timedelta(seconds=3 * LEASE_SECONDS)


async def test_a_program_dies_with_the_worker_that_runs_it(
    engine: PostgresEngine, rows: Rows, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    await new_execution(
        engine,
        "command",
        command=["sh", "-c", f"echo $$ > {file}.part; mv {file}.part {file}; exec sleep 600"],
    )
    with worker(engine.url) as running:

        async def has_begun() -> bool:
            return file.exists()

        await until(has_begun)
        pid = int(file.read_text())
        assert is_alive(pid)
        running.kill()
        await ended(running)

    async def is_gone() -> bool:
        return not is_alive(pid)

    await until(is_gone, seconds=5)


def is_alive(pid: int) -> bool:
    """Whether a process is there and not only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_eight_workers_run_each_of_two_hundred_executions_once(
    engine: PostgresEngine, rows: Rows, tmp_path: Path
) -> None:
    file = tmp_path / "notes"
    executions = {
        str(await new_execution(engine, "callable:note", file=str(file))) for _ in range(200)
    }

    async def all_over() -> bool:
        return bool(
            await rows.one("select bool_and(ended_at is not null) from holdfast.agent_executions")
        )

    with ExitStack() as workers:
        for _ in range(8):
            workers.enter_context(worker(engine.url, lease_seconds=10.0))
        await until(all_over)

    assert sorted(file.read_text().split()) == sorted(executions)
    outcomes = await rows.all("select distinct status, attempt from holdfast.agent_executions")
    assert [tuple(row) for row in outcomes] == [("completed", 1)]
    assert await rows.gaps() == []
