"""Group commit: many callers, few calls, each row fenced on its own."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from holdfast.engine import coalesce
from holdfast.engine.coalesce import Coalescer
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError, InvalidValue, LeaseLost, NotFound, TooLarge
from tests.support.patience import PATIENCE_SECONDS

COLUMNS = ("supervisor_ids", "epochs", "tokens", "states", "activities", "progress")


async def supervisors(engine: PostgresEngine, count: int) -> list[Any]:
    for number in range(count):
        await engine.call("create_supervisor", name=f"s{number}", handler="h")
    return await engine.call("claim_supervisors", holder="me", handlers=["h"], limit=count)


async def coalescer(engine: PostgresEngine, **more: Any) -> Coalescer:
    venture: UUID = await engine.call_value("open_venture", slug="default")
    return Coalescer(
        engine, "save_supervisors", COLUMNS, venture_id=venture, one_per_key=True, **more
    )


async def seq_of(engine: PostgresEngine, row: Any) -> int:
    venture = await engine.call_value("open_venture", slug="default")
    [found] = await engine.read("supervisor", venture, row["id"])
    seq: int = found["seq"]
    return seq


async def test_every_save_of_many_callers_is_committed_when_its_future_is_done(
    engine: PostgresEngine,
) -> None:
    rows = await supervisors(engine, 20)
    saves = await coalescer(engine)
    before = [await seq_of(engine, row) for row in rows]
    await asyncio.gather(
        *(
            saves.put(row["id"], row["epoch"], row["token"], "working", f"{i}", i)
            for i in range(5)
            for row in rows
        )
    )
    assert [await seq_of(engine, row) for row in rows] == [seq + 5 for seq in before]


async def test_many_saves_travel_in_few_calls(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await supervisors(engine, 50)
    saves = await coalescer(engine)
    calls: list[int] = []
    call = engine.call

    async def counted(function: str, /, **arguments: Any) -> list[Any]:
        calls.append(len(arguments["tokens"]))
        return await call(function, **arguments)

    monkeypatch.setattr(engine, "call", counted)
    await asyncio.gather(
        *(saves.put(row["id"], row["epoch"], row["token"], "working", None, 1) for row in rows)
    )
    assert sum(calls) == 50
    assert len(calls) <= 2


async def test_a_refused_row_does_not_fail_its_neighbours(engine: PostgresEngine) -> None:
    good, stale, odd = await supervisors(engine, 3)
    saves = await coalescer(engine)
    outcomes = await asyncio.gather(
        saves.put(good["id"], good["epoch"], good["token"], "working", None, 1),
        saves.put(stale["id"], stale["epoch"] + 1, stale["token"], "working", None, 1),
        saves.put(odd["id"], odd["epoch"], odd["token"], "working", None, 101),
        saves.put(uuid4(), 1, uuid4(), "working", None, 1),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        LeaseLost,
        InvalidValue,
        NotFound,
    ]


async def test_a_row_that_poisons_the_whole_call_fails_alone(engine: PostgresEngine) -> None:
    run = await engine.call_row("begin_execution", name="work", holder="me")
    venture = await engine.call_value("open_venture", slug="default")
    fence = ("execution_ids", "epochs", "tokens")
    logs = Coalescer(
        engine, "append_logs", (*fence, "levels", "messages", "data"), venture_id=venture
    )
    lease = (run["id"], run["epoch"], run["token"])
    outcomes = await asyncio.gather(
        logs.put(*lease, "info", "before", None),
        logs.put(*lease, "info", "x" * 20_000, None),
        logs.put(*lease, "info", "after", None),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), TooLarge, type(None)]
    lines = await engine.read("execution_logs", venture, run["id"], 10)
    assert [line["message"] for line in lines] == ["before", "after"]


async def test_lines_of_one_execution_keep_their_order(engine: PostgresEngine) -> None:
    run = await engine.call_row("begin_execution", name="work", holder="me")
    venture = await engine.call_value("open_venture", slug="default")
    fence = ("execution_ids", "epochs", "tokens")
    logs = Coalescer(
        engine, "append_logs", (*fence, "levels", "messages", "data"), venture_id=venture
    )
    await asyncio.gather(
        *(
            logs.put(run["id"], run["epoch"], run["token"], "info", str(i), None)
            for i in range(2500)
        )
    )
    lines = await engine.read("execution_logs", venture, run["id"], 3000)
    assert [line["message"] for line in lines] == [str(i) for i in range(2500)]
    assert [line["line"] for line in lines] == list(range(1, 2501))


async def test_a_row_put_as_the_sender_goes_is_sent_all_the_same(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coalesce, "FLIGHTS", 1)
    [row] = await supervisors(engine, 1)
    saves = await coalescer(engine)
    before = await seq_of(engine, row)
    async with asyncio.timeout(PATIENCE_SECONDS):
        # The caller goes on in the moment in which the sender finds nothing more to do.
        for turn in range(20):
            await saves.put(row["id"], row["epoch"], row["token"], "working", f"{turn}", turn)
    assert await seq_of(engine, row) == before + 20


async def test_rows_that_wait_are_sent_when_the_batch_before_them_failed(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coalesce, "FLIGHTS", 1)
    [row] = await supervisors(engine, 1)
    saves = await coalescer(engine)
    call = engine.call
    failures = [RuntimeError("the first call breaks")]

    async def breaking(function: str, /, **arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return await call(function, **arguments)

    monkeypatch.setattr(engine, "call", breaking)
    first, second = (
        saves.put(row["id"], row["epoch"], row["token"], "working", f"{turn}", turn)
        for turn in range(2)
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(HoldfastError, match="the first call breaks"):
            await first
        await second
