"""What witnesses say of one use counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import IllegalMove, InvalidValue, LeaseLost
from tests.support.sql import call, call_row, connected, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def begun(connection: Connection) -> dict[str, Any]:
    row = await call_row(connection, "begin_execution", name="x", holder="w", lease_seconds=3600)
    return {"execution_id": row["id"], "epoch": row["epoch"], "token": row["token"]}


async def hear(
    connection: Connection,
    run: dict[str, Any],
    *calls: tuple[int, int, int],
    witness: str = "logs",
    session_id: str = "s",
    **more: Any,
) -> Any:
    """Calls of a time, a number and input tokens; each costs a tenth of them in dollars."""
    times, numbers, tokens = zip(*calls, strict=True)
    given = {"execution_id": run["execution_id"], "epoch": run["epoch"], **more}
    rows = await call(
        connection,
        "hear_usage",
        witness=witness,
        session_id=session_id,
        times=list(times),
        numbers=list(numbers),
        input_tokens=list(tokens),
        output_tokens=[0] * len(calls),
        cost_usd=[one / 10 for one in tokens],
        model_calls=[1] * len(calls),
        tool_calls=[0] * len(calls),
        **given,
    )
    return rows[0]["heard"] if rows else None


async def metrics(connection: Connection) -> tuple[int, float, int]:
    row = await one(
        connection, "select input_tokens, cost_usd, model_calls from holdfast.execution_metrics"
    )
    return row["input_tokens"], float(row["cost_usd"]), row["model_calls"]


async def test_what_a_run_and_its_telemetry_both_tell_counts_once(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await begun(connection)
        await hear(connection, run, (1, 0, 10), (1, 1, 20))
        assert await metrics(connection) == (30, 3, 2)

        await call(connection, "record_metrics", **run, input_tokens=10, model_calls=1)
        await call(connection, "record_metrics", **run, input_tokens=20, model_calls=1)
        await hear(connection, run, (5, 0, 15), witness="metrics")

        assert await metrics(connection) == (30, 3, 2)
        await call(connection, "record_metrics", **run, input_tokens=5, model_calls=1)
        assert await metrics(connection) == (35, 3, 3)


async def test_events_say_by_how_much_it_grew(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await begun(connection)
        await hear(connection, run, (1, 0, 10))
        await call(connection, "record_metrics", **run, input_tokens=10, model_calls=1)
        await call(connection, "record_metrics", **run, input_tokens=7)

        rows = await connection.fetch(
            "select data from holdfast.events where type = 'execution.metered' order by seq"
        )
        assert [row["data"]["input_tokens"] for row in rows] == [10, 0, 7]


async def test_a_batch_that_comes_again_counts_once(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await begun(connection)
        assert await hear(connection, run, (1, 0, 10), (1, 1, 10)) == 2
        assert await hear(connection, run, (1, 0, 10), (1, 1, 10)) == 0
        assert await hear(connection, run, (1, 1, 10), (1, 2, 10)) == 1
        assert await hear(connection, run, (1, 0, 10), session_id="another") == 1
        assert (await metrics(connection))[0] == 40


async def test_a_program_of_an_older_lease_is_not_heard(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await begun(connection)
        with pytest.raises(LeaseLost, match="epoch 1; the execution"):
            await connection.execute("update holdfast.agent_executions set lease_epoch = 2")
            await hear(connection, run, (1, 0, 10))


async def test_it_is_heard_until_an_hour_after_the_end(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        run = await begun(connection)
        await call(connection, "finish_execution", **run, status="completed")
        await set_clock(connection, 3599)
        assert await hear(connection, run, (1, 0, 10)) == 1
        await set_clock(connection, 3601)
        with pytest.raises(IllegalMove, match="ended at"):
            await hear(connection, run, (2, 0, 10))


async def test_a_session_is_heard_for_the_execution_of_its_todo_list(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        row = await call_row(connection, "start_session", session_id="s", lease_seconds=60)
        nameless = {"execution_id": None, "epoch": None}
        assert await hear(connection, nameless, (1, 0, 10)) is None

        await call(
            connection,
            "record_todos",
            session_id="s",
            epoch=row["epoch"],
            token=row["token"],
            items=[{"key": "a", "status": "in_progress"}],
        )
        assert await hear(connection, nameless, (2, 0, 10)) == 1
        assert (await metrics(connection))[0] == 10


async def test_less_than_nothing_is_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await begun(connection)
        with pytest.raises(InvalidValue, match="negative"):
            await hear(connection, run, (1, 0, -10))
