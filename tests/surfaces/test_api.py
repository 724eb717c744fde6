"""The Python API as its readers are told to use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

import holdfast
from holdfast import Holdfast, HoldfastError, Run, Supervisor, WorkFailed
from holdfast.errors import (
    AlreadyAnswered,
    DatabaseUnavailable,
    InvalidValue,
    NotFound,
    NotMigrated,
    TooLarge,
)
from holdfast.runtime.worker import Worker
from tests.support.workers import Rows, rows_of, until


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    async with holdfast.connect(holdfast_url, lease_seconds=10) as connected:
        yield connected


@pytest.fixture
async def rows(holdfast_url: str) -> AsyncIterator[Rows]:
    async with rows_of(holdfast_url) as found:
        yield found


async def ended(rows: Rows, supervisor_id: UUID) -> Any:
    """A supervisor's row, once it has ended."""

    async def look() -> Any:
        return next(
            iter(
                await rows.all(
                    "select * from holdfast.supervisor_states"
                    " where id = $1 and ended_at is not null",
                    supervisor_id,
                )
            ),
            None,
        )

    return await until(look)


async def run_supervisor(hf: Holdfast, rows: Rows, name: str, **input: Any) -> Any:
    """Start a supervisor and run it to its end in this process."""
    worker = Worker(hf)
    worker.start()
    try:
        return await ended(rows, await hf.start(name, **input))
    finally:
        await worker.stop()


# Executions.


async def test_an_execution_tracks_its_steps_and_keeps_what_it_says(hf: Holdfast) -> None:
    async with hf.execution("market research", venture="acme", steps=3, agent="scout") as run:
        for source in run.track(["paper", "forum", "survey"]):
            run.log("reading", source=source)
        run.result = {"found": 3}

    done = await (await hf.execution_service("acme")).get(run.id)
    assert (str(done.status), done.completed_steps) == ("completed", 3)
    assert done.progress == 100
    assert (done.name, done.agent, done.result) == ("market research", "scout", {"found": 3})
    assert [(line.message, line.data) for line in done.logs] == [
        ("reading", {"source": source}) for source in ("paper", "forum", "survey")
    ]


async def test_what_was_flushed_is_seen_by_others_while_the_block_still_runs(hf: Holdfast) -> None:
    service = await hf.execution_service()
    async with hf.execution("research", steps=2) as run:
        async with run.step("read"):
            run.log("reading")
        await run.flush()
        seen = await service.get(run.id)
        assert (str(seen.status), seen.completed_steps) == ("running", 1)
        assert seen.progress == 50
        assert [line.message for line in seen.logs] == ["reading"]


async def test_a_block_that_raises_leaves_a_failed_execution_and_a_failed_step(
    hf: Holdfast, rows: Rows
) -> None:
    with pytest.raises(LookupError, match="no such source"):
        async with hf.execution("research", steps=2) as run:
            for source in run.track(["paper", "forum"]):
                raise LookupError(f"no such source: {source}")

    failed = await (await hf.execution_service()).get(run.id)
    assert (failed.status, failed.error_message) == ("failed", "LookupError: no such source: paper")
    assert await step_states(rows, run.id) == [("paper", "failed")]


async def test_leaving_a_track_early_ends_its_step(hf: Holdfast, rows: Rows) -> None:
    async with hf.execution("research", steps=3) as run:
        for source in run.track(["paper", "forum", "survey"]):
            if source == "forum":
                break

    assert await step_states(rows, run.id) == [("paper", "completed"), ("forum", "failed")]


async def step_states(rows: Rows, execution_id: UUID) -> list[tuple[str, str]]:
    found = await rows.all(
        "select name, status from holdfast.execution_steps where execution_id = $1 order by position",
        execution_id,
    )
    return [(row["name"], row["status"]) for row in found]


async def test_a_cancelled_block_leaves_a_failed_execution(hf: Holdfast) -> None:
    begun: asyncio.Future[UUID] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        async with hf.execution("research") as run:
            begun.set_result(run.id)
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    run_id = await begun
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    failed = await (await hf.execution_service()).get(run_id)
    assert (failed.status, failed.error_message) == ("failed", "CancelledError: ")


async def test_a_step_beyond_the_last_is_refused_at_the_flush(hf: Holdfast) -> None:
    with pytest.raises(InvalidValue, match="step 2 is beyond the 1 steps"):
        async with hf.execution("research", steps=1) as run:
            list(run.track(["paper", "forum"]))


async def test_metrics_add_up(hf: Holdfast, rows: Rows) -> None:
    async with hf.execution("research") as run:
        await run.meter(input_tokens=10, cost_usd=0.5)
        await run.meter(input_tokens=5, output_tokens=7)

    [used] = await rows.all("select * from holdfast.execution_metrics")
    assert (used["input_tokens"], used["output_tokens"], float(used["cost_usd"])) == (15, 7, 0.5)


@pytest.mark.parametrize(
    ("result", "error"), [(object(), InvalidValue), ("x" * 2_000_000, TooLarge)]
)
async def test_a_result_that_cannot_be_kept_is_refused_and_the_execution_fails(
    hf: Holdfast, result: object, error: type[HoldfastError]
) -> None:
    with pytest.raises(error):
        async with hf.execution("research") as run:
            run.result = result

    failed = await (await hf.execution_service()).get(run.id)
    assert failed.status == "failed"
    assert str(failed.error_message).startswith(error.__name__)


# Supervisors.


async def test_a_supervisor_steps_spawns_gathers_and_asks(hf: Holdfast, rows: Rows) -> None:
    @hf.callable("review")
    async def review(run: Run, target: str) -> str:
        return f"{target} is fine"

    @hf.supervisor("release")
    async def release(sup: Supervisor) -> Any:
        design = await sup.step("design", lambda what: {"targets": [what, "docs"]}, "code")
        jobs = [await sup.spawn("review", target=t) for t in design["targets"]]
        results = await sup.gather(jobs)
        answer = await sup.ask("Deployed?", options=["yes", "no"], expires_in_hours=48)
        return {"results": results, "answer": answer}

    async def answer() -> bool:
        asked = await hf.questions()
        for question in asked:
            await hf.answer(question["id"], "yes", answered_by="ada")
        return bool(asked)

    _, row = await asyncio.gather(until(answer), run_supervisor(hf, rows, "release"))

    assert row["state"] == "completed"
    assert row["result"] == {"results": ["code is fine", "docs is fine"], "answer": "yes"}
    [asked] = await hf.questions(open_only=False)
    assert (asked["status"], asked["answered_by"]) == ("acknowledged", "ada")


async def test_gather_raises_once_all_have_ended_and_names_who_failed(
    hf: Holdfast, rows: Rows
) -> None:
    @hf.callable("review")
    async def review(run: Run, good: bool) -> None:
        if not good:
            raise ValueError("a finding is open")

    @hf.supervisor("release")
    async def release(sup: Supervisor) -> Any:
        jobs = [await sup.spawn("review", key=f"r{good:d}", good=good) for good in (True, False)]
        try:
            return await sup.gather(jobs)
        except WorkFailed as error:
            return str(error)

    row = await run_supervisor(hf, rows, "release")

    assert row["result"] == "1 of 2 jobs did not complete: r0: ValueError: a finding is open"


async def test_a_step_that_failed_runs_again_and_is_told_its_attempt(
    hf: Holdfast, rows: Rows
) -> None:
    attempts: list[int] = []

    def fetch(attempt: int) -> str:
        attempts.append(attempt)
        if attempt == 1:
            raise ConnectionError("away")
        return "fetched"

    @hf.supervisor("patient")
    async def patient(sup: Supervisor) -> str:
        sup._names.clear()  # as a run from the top does
        return await sup.step("fetch", fetch)

    @hf.supervisor("twice")
    async def twice(sup: Supervisor) -> Any:
        try:
            return await patient(sup)
        except ConnectionError:
            return await patient(sup)

    row = await run_supervisor(hf, rows, "twice")

    assert (row["result"], attempts) == ("fetched", [1, 2])


async def test_a_supervisor_that_raises_fails_with_what_it_raised(hf: Holdfast, rows: Rows) -> None:
    @hf.supervisor("release")
    async def release(sup: Supervisor) -> None:
        raise LookupError("no such target")

    row = await run_supervisor(hf, rows, "release")

    assert (row["state"], row["error_message"]) == ("failed", "LookupError: no such target")


async def test_a_question_that_expired_gives_its_default(hf: Holdfast, rows: Rows) -> None:
    @hf.supervisor("release")
    async def release(sup: Supervisor) -> Any:
        return await sup.ask("Go?", options=["yes", "no"], default="no", expires_in_hours=1e-5)

    assert (await run_supervisor(hf, rows, "release"))["result"] == "no"


async def test_a_supervisor_with_a_key_is_started_once(hf: Holdfast) -> None:
    assert await hf.start("release", key="1.0") == await hf.start("release", key="1.0")
    assert await hf.start("release", key="1.0") != await hf.start("release", key="1.1")


async def test_a_question_takes_one_answer_among_its_options(hf: Holdfast, rows: Rows) -> None:
    @hf.supervisor("release")
    async def release(sup: Supervisor) -> Any:
        return await sup.ask("Go?", options=["yes", "no"])

    worker = Worker(hf)
    worker.start()
    try:
        supervisor_id = await hf.start("release")
        [asked] = await until(hf.questions)
        with pytest.raises(InvalidValue, match="is not among the options"):
            await hf.answer(asked["id"], "maybe")
        await hf.answer(asked["id"], "yes", answered_by="ada")
        with pytest.raises(AlreadyAnswered, match='was answered with "yes" by ada'):
            await hf.answer(asked["id"], "no")
        assert (await ended(rows, supervisor_id))["result"] == "yes"
    finally:
        await worker.stop()
    with pytest.raises(NotFound, match="There is no question"):
        await hf.answer(uuid4(), "yes")


# Connecting.


async def test_a_program_that_is_not_connected_is_told_to_connect() -> None:
    with pytest.raises(HoldfastError, match="not connected") as told:
        await holdfast.connect("postgresql:///nowhere").questions()
    assert "async with" in str(told.value.hint)


async def test_a_server_that_is_away_is_one_clear_error() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        async with holdfast.connect("postgresql://ada:secret@127.0.0.1:1/x") as _:
            pass


async def test_the_password_is_in_no_error() -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        async with holdfast.connect("postgresql://ada:secret@127.0.0.1:1/x") as _:
            pass
    assert "secret" not in f"{told.value} {told.value.hint}"


async def test_a_database_that_is_not_migrated_is_told_how(database_url: str) -> None:
    with pytest.raises(NotMigrated) as told:
        async with holdfast.connect(database_url) as _:
            pass
    assert told.value.hint == "Run: holdfast db migrate"
