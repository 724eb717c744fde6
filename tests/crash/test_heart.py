"""The heart: what it loses, and what it must not take for a loss."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.engine.postgres import PostgresEngine


async def beat(engine: PostgresEngine, kind: str, row: Any, **more: Any) -> list[Any]:
    return await engine.call(
        "renew_leases",
        kinds=[kind],
        ids=[row["id"]],
        epochs=[row["epoch"]],
        tokens=[row["token"]],
        **more,
    )


async def test_a_beat_just_after_the_holder_ended_its_work_has_lost_nothing(
    engine: PostgresEngine,
) -> None:
    run = await engine.call_row("begin_execution", name="work", holder="me")
    session = await engine.call_row("start_session", session_id="s")
    fence = {"epoch": run["epoch"], "token": run["token"]}
    await engine.call("finish_execution", execution_id=run["id"], status="completed", **fence)
    await engine.call("end_session", session_id="s", epoch=session["epoch"], token=session["token"])
    assert await beat(engine, "execution", run) == []
    assert await beat(engine, "session", session) == []


async def test_a_beat_after_somebody_cancelled_the_work_has_lost_it(engine: PostgresEngine) -> None:
    run = await engine.call_row("begin_execution", name="work", holder="me")
    await engine.call("cancel_execution", execution_id=run["id"])
    assert len(await beat(engine, "execution", run)) == 1


async def test_a_beat_with_another_epoch_has_lost_it(engine: PostgresEngine) -> None:
    run = await engine.call_row("begin_execution", name="work", holder="me")
    stale = {"id": run["id"], "epoch": run["epoch"] + 1, "token": run["token"]}
    assert len(await beat(engine, "execution", stale)) == 1


@pytest.mark.parametrize("seconds", [0.0, -1.0, 100_000.0])
async def test_a_lease_of_no_length_is_refused(engine: PostgresEngine, seconds: float) -> None:
    from holdfast.errors import InvalidValue

    run = await engine.call_row("begin_execution", name="work", holder="me")
    with pytest.raises(InvalidValue, match="lease_seconds"):
        await beat(engine, "execution", run, lease_seconds=seconds)
