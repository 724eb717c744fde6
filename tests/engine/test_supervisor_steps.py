"""Durable steps of many supervisors in shared calls: each is fenced, kept or refused on its own."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from holdfast.engine.connections import Connection
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError, InvalidValue, LeaseLost, TooLarge
from holdfast.model.leases import Lease, LeaseKind
from holdfast.supervisors import writer
from holdfast.supervisors.writer import SupervisorWriter
from tests.support.sql import Row, call, connected, one

SOME = 3
MANY = 300
FEW_ROWS = 60
READ = """
select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_all_tables
where relid in ('holdfast.supervisor_steps'::regclass, 'holdfast.supervisor_states'::regclass)
"""


async def _held(connection: Connection, count: int = SOME) -> list[Row]:
    for number in range(count):
        await call(connection, "create_supervisor", name=f"s{number}", handler="h")
    return await call(connection, "claim_supervisors", holder="w", handlers=["h"], limit=count)


def _fences(rows: list[Row]) -> dict[str, Any]:
    return {
        "supervisor_ids": [row["id"] for row in rows],
        "epochs": [row["epoch"] for row in rows],
        "tokens": [row["token"] for row in rows],
    }


async def _begin(connection: Connection, rows: list[Row], name: str = "read") -> list[Row]:
    return await call(connection, "begin_steps", **_fences(rows), names=[name] * len(rows))


async def _finish(
    connection: Connection, rows: list[Row], name: str = "read", error: str | None = None
) -> list[Row]:
    return await call(
        connection,
        "finish_steps",
        **_fences(rows),
        names=[name] * len(rows),
        results=[None if error else {"row": str(row["id"])} for row in rows],
        errors=[error] * len(rows),
    )


async def _told(connection: Connection, row: Row) -> list[str]:
    events = await connection.fetch(
        "select type from holdfast.events where stream_id = $1 and type like '%step%' order by seq",
        row["id"],
    )
    return [event["type"].removeprefix("supervisor.step_") for event in events]


async def _step(connection: Connection, row: Row, name: str = "read") -> Row:
    return await one(
        connection,
        "select * from holdfast.supervisor_steps where supervisor_id = $1 and name = $2",
        row["id"],
        name,
    )


async def test_steps_are_begun_ended_and_handed_over_many_in_a_call(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        rows = await _held(connection)
        begun = await _begin(connection, rows)
        assert {step["supervisor_id"] for step in begun} == {row["id"] for row in rows}
        assert {(step["code"], step["status"], step["attempt"]) for step in begun} == {
            (None, "running", 1)
        }
        assert await _finish(connection, rows) == []
        for row in rows:
            assert await _told(connection, row) == ["started", "completed"]
        for step in await _begin(connection, rows):
            assert (step["status"], step["result"]) == (
                "completed",
                {"row": str(step["supervisor_id"])},
            )
            assert await _told(connection, {"id": step["supervisor_id"]}) == [  # type: ignore[arg-type]
                "started",
                "completed",
            ]


async def test_one_without_the_lease_is_refused_and_its_neighbours_go_on(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        good, lost, other = await _held(connection)
        await _begin(connection, [lost])
        stale = {**dict(lost), "epoch": lost["epoch"] + 1}
        rows: list[Any] = [good, stale, other]
        begun = {row["supervisor_id"]: row["code"] for row in await _begin(connection, rows)}
        assert begun == {good["id"]: None, lost["id"]: "HF001", other["id"]: None}
        [refused] = await _finish(connection, rows)
        assert (refused["supervisor_id"], refused["code"]) == (lost["id"], "HF001")
        assert (await _step(connection, lost))["attempt"] == 1
        statuses = [(await _step(connection, row))["status"] for row in (good, lost, other)]
        assert statuses == ["completed", "running", "completed"]


async def test_a_step_that_was_not_finished_is_begun_again(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        died, failed, _ = rows = await _held(connection)
        await _begin(connection, rows)
        assert await _finish(connection, [failed], error="fog") == []
        assert (await _step(connection, failed))["error_message"] == "fog"
        again = {row["supervisor_id"]: row["attempt"] for row in await _begin(connection, rows)}
        assert set(again.values()) == {2}
        assert (await _step(connection, failed))["error_message"] is None
        assert await _told(connection, failed) == ["started", "failed", "started"]
        assert await _told(connection, died) == ["started", "started"]


async def test_ending_a_step_again_is_heard_only_if_it_ends_otherwise(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        rows = await _held(connection)
        await _begin(connection, rows)
        await _finish(connection, rows)
        assert await _finish(connection, rows) == []
        assert await _told(connection, rows[0]) == ["started", "completed"]
        refused = await _finish(connection, rows, error="after all")
        assert [row["code"] for row in refused] == ["HF002"] * SOME
        unknown = await _finish(connection, rows, name="another")
        assert [row["code"] for row in unknown] == ["HF003"] * SOME
        assert "has no step another" in unknown[0]["reason"]


async def test_a_call_reads_its_own_rows_only_though_there_are_no_statistics(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        rows = await _held(connection)
        for number in range(MANY):
            await _begin(connection, rows, name=f"step {number}")
            await _finish(connection, rows, name=f"step {number}")
            await call(connection, "create_supervisor", name="another")
        async with connection.transaction():
            before = await connection.fetchval(READ)
            await _begin(connection, rows)
            await _finish(connection, rows)
            read = await connection.fetchval(READ) - before
        assert read < FEW_ROWS


class _Shared:
    """Supervisors of one process, and how their calls travel."""

    def __init__(self, engine: PostgresEngine, venture_id: UUID, rows: list[Any]) -> None:
        self.writer = SupervisorWriter(engine, venture_id)
        self.leases = [
            Lease(
                kind=LeaseKind.SUPERVISOR,
                venture_id=venture_id,
                id=row["id"],
                epoch=row["epoch"],
                token=row["token"],
            )
            for row in rows
        ]


@pytest.fixture
async def shared(engine: PostgresEngine) -> _Shared:
    venture_id = await engine.call_value("open_venture", slug="default")
    for number in range(50):
        await engine.call("create_supervisor", name=f"s{number}", handler="h")
    rows = await engine.call("claim_supervisors", holder="w", handlers=["h"], limit=50)
    return _Shared(engine, venture_id, rows)


async def test_steps_of_many_supervisors_travel_in_few_calls(
    engine: PostgresEngine, shared: _Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    call = engine.call

    async def counted(function: str, /, **arguments: Any) -> list[Any]:
        calls.append(function)
        return await call(function, **arguments)

    monkeypatch.setattr(engine, "call", counted)

    async def step(lease: Lease) -> None:
        begun = await shared.writer.begin_step(lease, "read")
        assert begun["attempt"] == 1
        await shared.writer.finish_step(lease, "read", result=str(lease.id))

    await asyncio.gather(*map(step, shared.leases))
    assert len(calls) <= 10
    for lease in shared.leases:
        assert (await shared.writer.begin_step(lease, "read"))["result"] == str(lease.id)


@pytest.mark.parametrize(
    ("result", "error"),
    [
        ("half a letter: \ud800", InvalidValue),
        ("nothing: \0", InvalidValue),
        ("x" * 2_000_000, TooLarge),
    ],
)
async def test_a_result_that_cannot_be_kept_fails_its_own_step_only(
    shared: _Shared, result: str, error: type[HoldfastError]
) -> None:
    first, odd, last = shared.leases[:3]
    for lease in (first, odd, last):
        await shared.writer.begin_step(lease, "read")
    outcomes = await asyncio.gather(
        shared.writer.finish_step(first, "read", result=1),
        shared.writer.finish_step(odd, "read", result=result),
        shared.writer.finish_step(last, "read", result=3),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), error, type(None)]
    assert (await shared.writer.begin_step(first, "read"))["result"] == 1
    assert (await shared.writer.begin_step(last, "read"))["result"] == 3


async def test_a_long_result_is_kept_whole_and_travels_alone(
    engine: PostgresEngine, shared: _Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    long, *_ = shared.leases
    result = "x" * (writer.MOST_SHARED_CHARACTERS + 1)
    await shared.writer.begin_step(long, "read")
    called: list[str] = []
    call = engine.call

    async def noted(function: str, /, **arguments: Any) -> list[Any]:
        called.append(function)
        return await call(function, **arguments)

    monkeypatch.setattr(engine, "call", noted)
    await shared.writer.finish_step(long, "read", result=result)
    assert called == ["finish_step"]
    assert (await shared.writer.begin_step(long, "read"))["result"] == result


async def test_who_lost_the_lease_is_told_so(shared: _Shared) -> None:
    lease, other = shared.leases[:2]
    stale = Lease(
        kind=lease.kind,
        venture_id=lease.venture_id,
        id=lease.id,
        epoch=lease.epoch,
        token=other.token,
    )
    with pytest.raises(LeaseLost):
        await shared.writer.begin_step(stale, "read")
    with pytest.raises(LeaseLost):
        await shared.writer.finish_step(stale, "read")
    with pytest.raises(LeaseLost):
        await shared.writer.save(stale, state=None, activity="still here", progress=None)
