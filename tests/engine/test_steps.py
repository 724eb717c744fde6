"""Steps of many executions in one call: each execution's are kept or refused on their own."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.engine.connections import Connection
from tests.support.sql import Row, call, call_row, connected, one


async def _running(connection: Connection, **given: Any) -> Row:
    return await call_row(
        connection, "begin_execution", name="e", holder="me", lease_seconds=3600, **given
    )


async def _record(
    connection: Connection, *steps: tuple[Row, int | None, str | None, str | None]
) -> Any:
    runs, positions, names, statuses = zip(*steps, strict=True)
    return await call(
        connection,
        "record_steps",
        execution_ids=[run["id"] for run in runs],
        epochs=[run["epoch"] for run in runs],
        tokens=[run["token"] for run in runs],
        positions=list(positions),
        names=list(names),
        statuses=list(statuses),
    )


async def _state(connection: Connection, run: Row) -> tuple[int, float, str, int]:
    row = await one(
        connection,
        "select e.completed_steps, e.progress::float, e.current_activity, e.seq,"
        " (select count(*) from holdfast.execution_steps s where s.execution_id = e.id) as steps"
        " from holdfast.agent_executions e where e.id = $1",
        run["id"],
    )
    return row["completed_steps"], row["progress"], row["current_activity"], row["steps"]


@pytest.mark.parametrize(
    ("position", "name", "reason"),
    [
        (5, "beyond", "step 5 is beyond the 4 steps"),
        (0, "before", "a position is at least 1"),
        (None, "nowhere", "a position is at least 1"),
        (1, "", "a name is not empty"),
        (1, None, "a name is not empty"),
    ],
)
async def test_a_wrong_step_is_refused_and_its_neighbours_steps_are_kept(
    holdfast_url: str, position: int | None, name: str | None, reason: str
) -> None:
    async with connected(holdfast_url) as connection:
        good, bad = [await _running(connection, total_steps=4) for _ in range(2)]
        [refused] = await _record(
            connection,
            (bad, 1, "first", "completed"),
            (good, 1, "first", "completed"),
            (bad, position, name, "running"),
            (good, 2, "second", "running"),
        )
        assert (refused["execution_id"], refused["code"]) == (bad["id"], "HF005")
        assert reason in refused["reason"]
        assert await _state(connection, good) == (1, 25.0, "second", 2)
        assert (await _state(connection, bad))[3] == 0


async def test_steps_that_would_complete_more_than_there_is_are_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        good, bad = [await _running(connection, total_steps=4) for _ in range(2)]
        told = {"epochs": [bad["epoch"]], "tokens": [bad["token"]], "completed": [4]}
        assert not await call(connection, "save_executions", execution_ids=[bad["id"]], **told)
        [refused] = await _record(
            connection, (bad, 1, "one more", "completed"), (good, 1, "first", "completed")
        )
        assert (refused["execution_id"], refused["code"]) == (bad["id"], "HF005")
        assert "more than total = 4 would be completed" in refused["reason"]
        assert await _state(connection, good) == (1, 25.0, "first", 1)


async def test_a_step_counts_once_however_often_it_is_told(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await _running(connection, total_steps=4)
        for _ in range(2):
            assert not await _record(
                connection,
                (run, 1, "first", "running"),
                (run, 1, "first", "completed"),
                (run, 2, "second", "skipped"),
            )
        assert not await _record(connection, (run, 1, "first", "running"))  # late news
        assert await _state(connection, run) == (2, 50.0, "first", 2)


async def test_a_failed_step_that_was_done_after_all_counts(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await _running(connection, total_steps=4)
        assert not await _record(connection, (run, 1, "first", "failed"))
        assert (await _state(connection, run))[0] == 0
        assert not await _record(connection, (run, 1, "first", "completed"))
        assert (await _state(connection, run))[0] == 1


async def test_what_was_begun_or_said_last_is_what_is_being_done(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await _running(connection, total_steps=4)

        assert not await _record(
            connection,
            (run, 1, "fetch", "running"),
            (run, None, "reading " * 100, None),
            (run, 1, "fetch", "completed"),
        )
        assert (await _state(connection, run))[:3] == (1, 25, "reading " * 100)

        assert not await _record(connection, (run, None, "alone", None))
        assert (await _state(connection, run))[2] == "alone"

        assert not await _record(connection, (run, None, "before", None), (run, 2, "b", "running"))
        assert (await _state(connection, run))[2] == "b"
