"""LangGraph's threads: what they cost, and that nobody forks them unawares."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointTuple, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.types import Command, interrupt

from holdfast.client import Holdfast
from holdfast.contrib.langgraph import HoldfastSaver
from holdfast.engine.holding import holder_name
from holdfast.errors import Conflict, HoldfastError, InvalidValue
from tests.support.graphs import Gate, Graph, encrypted, said, talking, texts, thread
from tests.support.sql import connected, one

TURNS = 1000
TEXT = "x" * 400
_BYTES = """
select sum(b) from (
    select sum(pg_column_size(t.*)) as b from holdfast.conversation_items t
    union all select sum(pg_column_size(t.*)) from holdfast.conversation_runs t
    union all select sum(pg_column_size(t.*)) from holdfast.conversation_values t
    union all select sum(pg_column_size(t.*)) from holdfast.conversation_checkpoints t) s
"""


async def _bytes(hf: Holdfast) -> int:
    async with connected(hf.database.url) as connection:
        return int((await one(connection, _BYTES))[0])


def _checkpoint(saver: Any, values: dict[str, Any], before: Checkpoint) -> Checkpoint:
    """The checkpoint after another one, in which every channel has changed."""
    versions = {
        name: saver.get_next_version(before["channel_versions"].get(name), None) for name in values
    }
    return {
        **empty_checkpoint(),
        "id": str(uuid6()),
        "channel_values": values,
        "channel_versions": {**before["channel_versions"], **versions},
    }


async def test_a_thousand_turns_cost_their_text_and_not_its_square(hf: Holdfast) -> None:
    saver = HoldfastSaver(hf)
    config, checkpoint = thread("long"), empty_checkpoint()
    config["configurable"]["checkpoint_ns"] = ""
    messages: list[str] = []
    sizes = []
    for turn in range(TURNS):
        messages.append(f"{turn} {TEXT}")
        checkpoint = _checkpoint(saver, {"messages": list(messages)}, checkpoint)
        config = await saver.aput(
            config, checkpoint, {"step": turn}, checkpoint["channel_versions"]
        )
        if turn + 1 in (TURNS // 2, TURNS):
            sizes.append(await _bytes(hf))
    text = sum(map(len, messages))
    assert sizes[1] < 4 * text, "with all that is around it"
    assert sizes[1] - sizes[0] < 1.1 * sizes[0], "the second half costs what the first one did"
    found = await HoldfastSaver(hf).aget_tuple(thread("long"))
    assert found is not None
    assert found.checkpoint["channel_values"] == {"messages": messages}


@pytest.mark.parametrize("serde", [None, encrypted()], ids=["plain", "encrypted"])
async def test_messages_are_kept_once_each_though_every_turn_is_another_process(
    hf: Holdfast, serde: SerializerProtocol | None
) -> None:
    for turn in range(8):
        # A saver of its own knows nothing of what the one before has sent.
        graph = talking(HoldfastSaver(hf, serde=serde))
        state = await graph.ainvoke(said(f"{turn} {TEXT}"), thread("talk"))
    assert [text[:10] for text in texts(state)][-2:] == ["7 xxxxxxxx", "You said: "]
    async with connected(hf.database.url) as connection:
        row = await one(
            connection, "select count(*), count(distinct run) from holdfast.conversation_items"
        )
    assert tuple(row) == (16, 1)


async def test_of_two_runs_on_one_thread_the_second_is_refused_and_told_who_was_first(
    hf: Holdfast,
) -> None:
    saver = HoldfastSaver(hf)
    for _ in range(2):  # the first time the thread is new to both
        gate = Gate(2)
        runs = [
            asyncio.create_task(
                talking(HoldfastSaver(hf), gate.run(number)).ainvoke(
                    said(f"run {number}"), thread("t")
                )
            )
            for number in range(2)
        ]
        here = asyncio.create_task(gate.all_here.wait())
        # One may be refused before it is there.
        await asyncio.wait([here, *runs], return_when=asyncio.FIRST_COMPLETED)
        for event in gate.go:
            event.set()
        outcomes = await asyncio.gather(*runs, return_exceptions=True)
        here.cancel()
        [refused] = [one for one in outcomes if isinstance(one, BaseException)]
        assert isinstance(refused, Conflict)
        assert holder_name() in refused.message
        assert refused.hint
        winner = 1 - outcomes.index(refused)
        state = (await talking(saver).aget_state(thread("t"))).values
        assert texts(state)[-1] == f"You said: run {winner}"


async def test_an_older_checkpoint_that_is_named_may_be_branched_off_from(hf: Holdfast) -> None:
    graph = talking(HoldfastSaver(hf))
    for text in ("one", "two"):
        await graph.ainvoke(said(f"{text} {TEXT}"), thread("t"))
    history = [state async for state in graph.aget_state_history(thread("t"))]
    after_one = next(s for s in history if len(s.values.get("messages", ())) == 2 and not s.next)
    branch = await graph.ainvoke(said("instead"), after_one.config)
    assert texts(branch)[2:] == ["instead", "You said: instead"]
    await graph.aupdate_state(after_one.config, said("by hand"), as_node="answer")
    assert texts((await graph.aget_state(thread("t"))).values)[2:] == ["by hand"]
    old = await graph.aget_state(history[0].config)
    assert texts(old.values)[2:] == [f"two {TEXT}", f"You said: two {TEXT}"]


def test_a_program_without_an_event_loop_goes_on_where_another_was_interrupted(
    holdfast_url: str,
) -> None:
    from langgraph.graph import START, MessagesState, StateGraph

    def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [HumanMessage(f"told: {interrupt('may I?')}")]}

    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    with HoldfastSaver.opened(holdfast_url) as saver:
        asking: Graph = graph.compile(checkpointer=saver)
        asked = asking.invoke(said("go"), thread("t"))
        assert asked["__interrupt__"][0].value == "may I?"
    with HoldfastSaver.opened(holdfast_url) as saver:
        resumed: Graph = graph.compile(checkpointer=saver)
        assert texts(resumed.invoke(Command(resume="yes"), thread("t"))) == ["go", "told: yes"]
        saver.copy_thread("t", "copy")
        saver.prune(["t"])
        with pytest.raises(Conflict, match="copy"):
            saver.copy_thread("t", "copy")
        with pytest.raises(InvalidValue, match="keep_some"):
            saver.prune(["t"], strategy="keep_some")
        assert len(list(saver.list(thread("t")))) == 1 < len(list(saver.list(thread("copy"))))
        assert texts(resumed.get_state(thread("t")).values) == ["go", "told: yes"]
        saver.delete_for_runs(["nobody"])
        saver.delete_thread("t")
        assert saver.get_tuple(thread("t")) is None


async def test_the_event_loop_does_not_wait_for_itself(hf: Holdfast) -> None:
    saver = HoldfastSaver(hf)
    with pytest.raises(HoldfastError, match="wait for itself") as refusal:
        saver.get_tuple(thread("t"))
    assert "aget_tuple" in (refusal.value.hint or "")
    assert await asyncio.to_thread(saver.get_tuple, thread("t")) is None
    with pytest.raises(HoldfastError, match="no event loop"):
        await asyncio.to_thread(HoldfastSaver, hf)


async def test_metadata_is_searched_by_where_it_is_json_and_kept_where_it_is_not(
    hf: Holdfast,
) -> None:
    saver = HoldfastSaver(hf)
    metadata: Any = {"mood": "🙂", "odd": ["\x00"], "set": {1}, "source": "loop"}
    checkpoint = _checkpoint(saver, {}, empty_checkpoint())
    await saver.aput(_root(), checkpoint, metadata, {})
    [found] = [one async for one in saver.alist(None, filter={"mood": "🙂"})]
    assert found.metadata == metadata


async def test_whatever_becomes_of_lists_and_branches_it_is_what_the_saver_in_memory_has(
    hf: Holdfast,
) -> None:
    random_ = random.Random(20)
    saver, model = HoldfastSaver(hf), InMemorySaver()
    newest: list[tuple[RunnableConfig, Checkpoint]] = []
    for step in range(120):
        config, before = random_.choice(newest[-3:]) if newest else (_root(), empty_checkpoint())
        # Who branches off looks at the thread first, as a run does.
        if newest:
            seen = await saver.aget_tuple(config)
            assert seen is not None
            config = seen.config
        values = dict(before["channel_values"])
        values["list"] = _changed(random_, list(values.get("list", ())))
        values["note"] = random_.choice(
            [None, {"step": step}, "é\udc80" if step % 7 == 0 else b"\x00"]
        )
        checkpoint = _checkpoint(model, values, before)
        stored = [
            await each.aput(
                config, checkpoint, {"step": step, "source": "loop"}, checkpoint["channel_versions"]
            )
            for each in (saver, model)
        ]
        writes = [("list", step), ("note", "w")][: random_.randint(1, 2)]
        for each in (saver, model):
            await each.aput_writes(stored[1], writes, f"task {step}")
        newest.append((stored[0], checkpoint))
        if step % 10 == 9:
            saver = HoldfastSaver(hf)
    assert await _everything(saver) == await _everything(model)


def _root() -> RunnableConfig:
    return {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}


def _changed(random_: random.Random, items: list[str]) -> list[str]:
    """A list after it has grown, or lost its end, or was changed in the middle."""
    match random_.randint(0, 9):
        case 0:
            return items[: random_.randint(0, len(items))]
        case 1 if items:
            items[random_.randrange(len(items))] = "changed " + TEXT
        case 2:
            return []
    return items + [f"{random_.random()} {TEXT}" for _ in range(random_.randint(0, 3))]


async def _everything(saver: Any) -> list[Any]:
    found: list[CheckpointTuple] = [one async for one in saver.alist(_root())]
    return [
        (
            one.checkpoint,
            one.metadata,
            one.parent_config and one.parent_config["configurable"]["checkpoint_id"],
            [write[1:] for write in one.pending_writes or ()],
        )
        for one in found
    ]
