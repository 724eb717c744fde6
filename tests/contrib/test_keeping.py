"""What is dropped is gone, with all that only it needed; what is needed stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import pytest
from langgraph.channels.delta import DeltaChannel
from langgraph.graph import START, StateGraph

from holdfast.client import Holdfast
from holdfast.contrib.langgraph import HoldfastSaver
from holdfast.engine.listener import Listener
from holdfast.errors import Conflict
from holdfast.runtime import retention
from tests.support.conversations import TALK
from tests.support.graphs import Graph, said, talking, texts, thread
from tests.support.sql import call, call_row, call_value, connected, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

DAY = 86400
LONG = "x" * 300


async def _items(connection: Connection) -> list[str]:
    rows = await connection.fetch(
        "select content from holdfast.conversation_items order by run, place"
    )
    return [row["content"].decode(errors="replace") for row in rows]


async def test_a_pruned_thread_keeps_the_newest_state_and_no_text_that_only_older_ones_had(
    hf: Holdfast,
) -> None:
    graph = talking(HoldfastSaver(hf))
    await graph.ainvoke(said(f"first {LONG}"), thread("t"))
    first = (await graph.aget_state(thread("t"))).config
    await graph.ainvoke(said(f"abandoned {LONG}"), thread("t"))
    await graph.ainvoke(said(f"kept {LONG}"), first)
    saver = HoldfastSaver(hf)
    async with connected(hf.database.url) as connection:
        assert any("abandoned" in item for item in await _items(connection))
        before = await one(connection, "select bytes from holdfast.conversations")
        await saver.aprune(["t"])
        assert len(await _items(connection)) == 4
        assert not any("abandoned" in item for item in await _items(connection))
        after = await one(connection, "select bytes from holdfast.conversations")
        assert after["bytes"] < before["bytes"]
    # Its memory is older than the prune, and it goes on all the same.
    state = await graph.ainvoke(said("more"), thread("t"))
    assert [text.split()[0] for text in texts(state)] == [
        "first",
        "You",
        "kept",
        "You",
        "more",
        "You",
    ]
    await saver.adelete_thread("t")
    async with connected(hf.database.url) as connection:
        for table in ("items", "runs", "values", "checkpoints", "writes"):
            assert not await connection.fetchval(
                f"select count(*) from holdfast.conversation_{table}"
            )


def _added(have: list[str], more: list[list[str]]) -> list[str]:
    return [*have, *(word for words in more for word in words)]


class Counted(TypedDict):
    words: Annotated[list[str], DeltaChannel(_added)]


async def test_pruning_leaves_what_langgraph_rebuilds_a_value_from(hf: Holdfast) -> None:
    builder = StateGraph(Counted)
    builder.add_node("echo", lambda state: {"words": [state["words"][-1].upper()]})
    builder.add_edge(START, "echo")
    graph: Graph = builder.compile(checkpointer=HoldfastSaver(hf))
    for word in ("one", "two", "three"):
        await graph.ainvoke({"words": [word]}, thread("t"))
    await HoldfastSaver(hf).aprune(["t"])
    assert (await graph.aget_state(thread("t"))).values["words"] == [
        "one",
        "ONE",
        "two",
        "TWO",
        "three",
        "THREE",
    ]


async def test_the_checkpoints_of_a_run_are_forgotten_and_the_thread_goes_on(hf: Holdfast) -> None:
    graph = talking(HoldfastSaver(hf))
    for name in ("a", "b"):
        config: Any = {"configurable": {"thread_id": "t", "run_id": name}}
        await graph.ainvoke(said(f"{name} {LONG}"), config)
    await HoldfastSaver(hf).adelete_for_runs(["b"])
    state = await talking(HoldfastSaver(hf)).ainvoke(said("c"), thread("t"))
    assert [text.split()[0] for text in texts(state)] == ["a", "You", "c", "You"]
    async with connected(hf.database.url) as connection:
        assert not any(item.startswith("b ") for item in await _items(connection))


async def test_conversations_are_forgotten_when_nobody_has_written_for_so_long(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        talk: dict[str, Any] = {**TALK, "part": "", "contents": [b"hello"]}
        await set_clock(connection)
        await call(connection, "append_conversation", **talk)
        await call(connection, "append_conversation", **talk | {"key": "other"})
        await set_clock(connection, 80 * DAY)
        await call(connection, "append_conversation", **talk)
        await set_clock(connection, 100 * DAY)
        assert await call_value(connection, "forget_conversations", retention_days=90) == 1
        assert await call_value(connection, "forget_conversations", retention_days=90) == 0
        [row] = await connection.fetch("select key, length from holdfast.conversations")
        assert tuple(row) == ("talk", 2)


async def test_a_worker_forgets_them_all_a_few_at_a_time(
    hf: Holdfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_A_TIME", 2)
    async with connected(hf.database.url) as connection:
        await connection.execute("set holdfast.now = '2020-01-01 00:00+00'")
        for number in range(5):
            talk: dict[str, Any] = {**TALK, "part": "", "contents": [b"hello"]}
            await call(connection, "append_conversation", **talk | {"key": f"talk {number}"})
        await retention.Retention(hf, listener=Listener(hf.engine, poll_seconds=1)).turn()
        assert await connection.fetchval("select count(*) from holdfast.conversations") == 0


async def test_a_batch_whose_answer_was_not_heard_is_added_once(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine, other = (
            {"writer": f"00000000-0000-0000-0000-00000000000{n}", "holder": f"writer {n}"}
            for n in (1, 2)
        )
        talk: dict[str, Any] = {**TALK, "part": ""}
        first = await call_row(connection, "append_conversation", **talk, **mine, contents=[b"a"])
        batch = {**talk, **mine, "contents": [b"b", b"c"], "seen": first["version"]}
        added = [
            (await call_row(connection, "append_conversation", **batch))["added"] for _ in range(2)
        ]
        assert added == [2, 0]
        with pytest.raises(Conflict, match="writer 1"):
            await call(connection, "append_conversation", **batch | other)
        assert await _items(connection) == ["a", "b", "c"]
