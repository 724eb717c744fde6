"""Checkpoints: compare-and-set, each blob kept once, each checkpoint as dear as what is new in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import Conflict, InvalidValue, NotFound, TooLarge
from tests.support.sql import (
    call,
    call_row,
    call_value,
    connected,
    connected_many,
    set_clock,
    until_waiting,
)

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

DAY = 86400


async def _supervisor(connection: Connection) -> dict[str, Any]:
    made = await call_row(connection, "create_supervisor", name="s")
    return {"supervisor_id": made["id"], "epoch": None, "token": None}


async def _save(connection: Connection, who: dict[str, Any], parent: int | None, *blobs: bytes, **given: Any) -> int:  # fmt: skip
    number: int = await call_value(
        connection, "save_checkpoint", **who, parent=parent, blobs=list(blobs), **given
    )
    return number


async def _load(connection: Connection, who: dict[str, Any], number: int | None = None) -> Any:
    return await call_row(connection, "load_checkpoint", supervisor_id=who["supervisor_id"], number=number)  # fmt: skip


async def _blobs(connection: Connection) -> list[bytes]:
    rows = await connection.fetch("select content from holdfast.blobs order by content")
    return [row["content"] for row in rows]


async def test_a_checkpoint_gives_back_the_whole_chain_in_order(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _supervisor(connection)
        assert await _save(connection, who, None, b"b", b"a", state={"turn": 1}) == 1
        assert await _save(connection, who, 1, b"c", state={"turn": 2}, label="mid") == 2
        assert await _save(connection, who, 2, b"a", b"a", state={"turn": 3}) == 3
        newest = await _load(connection, who)
        assert (newest["number"], newest["parent"], newest["state"]) == (3, 2, {"turn": 3})
        assert newest["blobs"] == [b"b", b"a", b"c", b"a", b"a"]
        middle = await _load(connection, who, 2)
        assert (middle["label"], middle["blobs"]) == ("mid", [b"b", b"a", b"c"])


async def test_a_save_on_top_of_an_older_checkpoint_is_refused_and_keeps_nothing(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        who = await _supervisor(connection)
        await _save(connection, who, None, b"one")
        await _save(connection, who, 1, b"two")
        for parent in (1, 3, 0):
            with pytest.raises(Conflict) as refusal:
                await _save(connection, who, parent, b"forked")
            assert refusal.value.detail["newest"] == 2
        assert await _blobs(connection) == [b"one", b"two"]
        assert (await _load(connection, who))["number"] == 2


async def test_a_checkpoint_without_a_parent_stands_alone(holdfast_url: str) -> None:
    """So a conversation that was compacted begins anew, and the numbers go on."""
    async with connected(holdfast_url) as connection:
        who = await _supervisor(connection)
        await _save(connection, who, None, b"long")
        assert await _save(connection, who, None, b"compacted") == 2
        assert (await _load(connection, who))["blobs"] == [b"compacted"]


async def test_a_blob_is_kept_once_however_many_checkpoints_name_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for _ in range(2):
            who = await _supervisor(connection)
            await _save(connection, who, None, b"same", b"same", b"other")
            await _save(connection, who, 1, b"same")
        assert await _blobs(connection) == [b"other", b"same"]


async def test_a_checkpoint_costs_what_is_new_in_it(holdfast_url: str) -> None:
    """A hundred turns of a conversation take about a hundred turns' room, not five thousand."""
    turns, size = 100, 10_000
    async with connected(holdfast_url) as connection:
        who = await _supervisor(connection)
        for turn in range(turns):
            text = turn.to_bytes(2, "big") * (size // 2)
            await _save(connection, who, turn or None, text, state={"turn": turn})
        stored = await connection.fetchval(
            "select (select sum(octet_length(content)) from holdfast.blobs)"
            " + (select sum(pg_column_size(c)) from holdfast.checkpoints c)"
        )
        assert turns * size <= stored < 1.1 * turns * size
        loaded = await _load(connection, who)
        assert sum(map(len, loaded["blobs"])) == turns * size


async def test_what_is_too_large_is_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _supervisor(connection)
        with pytest.raises(TooLarge):
            await _save(connection, who, None, state={"x": "é" * 1_100_000})
        with pytest.raises(InvalidValue):
            await _save(connection, who, None, b"x" * (16 * 1024 * 1024 + 1))
        assert await _blobs(connection) == []


async def test_loading_what_is_not_there_is_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _supervisor(connection)
        with pytest.raises(NotFound):
            await _load(connection, who)
        await _save(connection, who, None)
        with pytest.raises(NotFound):
            await _load(connection, who, 2)
        assert (await _load(connection, who))["blobs"] == []


async def _ended_long_ago(connection: Connection, *blobs: bytes) -> dict[str, Any]:
    """A supervisor with a conversation of two checkpoints; it is 100 days later now."""
    await set_clock(connection)
    who = await _supervisor(connection)
    await _save(connection, who, None, *blobs)
    await _save(connection, who, 1, b"its own")
    await call(connection, "save_supervisor", **who, state="working")
    await call(connection, "finish_supervisor", **who, state="completed")
    await set_clock(connection, 100 * DAY)
    return who


async def test_what_ended_long_ago_loses_its_checkpoints_and_the_texts_that_no_other_has(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        old = await _ended_long_ago(connection, b"shared")
        young = await _supervisor(connection)
        await _save(connection, young, None, b"shared", b"young")

        assert await call_value(connection, "forget_checkpoints", retention_days=120) == 0
        assert await call_value(connection, "forget_checkpoints", retention_days=90) == 1
        assert await call_value(connection, "forget_checkpoints", retention_days=90) == 0

        assert await _blobs(connection) == [b"shared", b"young"]
        assert (await _load(connection, young))["blobs"] == [b"shared", b"young"]
        with pytest.raises(NotFound, match="has no checkpoint"):
            await _load(connection, old)


async def test_a_text_that_is_saved_again_while_it_is_forgotten_stays(holdfast_url: str) -> None:
    async with connected_many(holdfast_url, 3) as (saver, forgetter, watcher):
        await _ended_long_ago(saver, b"said before")
        await set_clock(forgetter, 100 * DAY)
        again = await _supervisor(saver)
        async with saver.transaction():
            await _save(saver, again, None, b"said before")
            forgetting = asyncio.create_task(
                call_value(forgetter, "forget_checkpoints", retention_days=90)
            )
            await until_waiting(watcher, forgetter)
        assert await forgetting == 1
        assert (await _load(saver, again))["blobs"] == [b"said before"]
