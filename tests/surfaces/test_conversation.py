"""A supervisor's conversation: kept turn by turn, found again, and told to the agent with what nobody knows."""

from __future__ import annotations

import asyncio
import json
import random
import string
from functools import partial
from typing import Any

import pytest

import holdfast
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import InvalidValue
from holdfast.model.supervisors import RestorationSource
from holdfast.runtime.worker import Worker
from holdfast.supervisors.conversation import Conversation
from holdfast.supervisors.tool_calls import unanswered_calls
from tests.support.sql import connected

TURNS, TURN_CHARACTERS = 1000, 4000
# Everything that a turn adds to, indexes and large values included.
_STORED = "select sum(pg_total_relation_size(c.oid)) from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind = 'r'"  # fmt: skip
CALL = {"type": "tool_use", "id": "t2", "name": "Bash", "input": {"command": "make deploy"}}
TALK: list[dict[str, Any]] = [
    {"role": "user", "content": "Deploy it."},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Read", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "…"}]},
    {"role": "assistant", "content": [CALL]},
]  # fmt: skip


async def test_a_restored_supervisor_has_its_conversation_and_is_told_what_nobody_knows(
    holdfast_url: str,
) -> None:
    async with holdfast.connect(holdfast_url) as hf:
        said = asyncio.Event()

        @hf.supervisor("deploy")
        async def deploy(sup: holdfast.Supervisor) -> Any:
            if sup.restoration is None:
                for message in TALK:
                    await sup.conversation.append(message)
                await sup.checkpoint({"turn": len(TALK)}, label="before the call")
                said.set()
                await asyncio.Event().wait()
            assert sup.restoration is not None
            assert sup.restoration.source is RestorationSource.DAEMON_RESTART
            return {
                "messages": await sup.conversation.messages(),
                "kept": await sup.recall(),
                "context": await sup.context(),
            }

        id_ = await hf.start("deploy")
        for wait in (said.wait(), hf.result(id_)):
            worker = Worker(hf)
            worker.start()
            result: Any = await wait
            await worker.stop()

    assert result["messages"] == TALK
    assert result["kept"] == {"turn": 4}
    assert result["context"].startswith("You are deploy. You were interrupted at ")
    assert result["context"].endswith('outcome: Bash {"command": "make deploy"}')


async def _conversation(engine: PostgresEngine) -> Conversation:
    made = await engine.call_row("create_supervisor", name="s")
    own = {"supervisor_id": made["id"]}
    call = partial(engine.call, **own, epoch=None, token=None)
    return Conversation(call=call, load=partial(engine.call, "load_checkpoint", **own), checkpoint=None)  # fmt: skip


async def test_a_thousand_turns_cost_the_size_of_their_text(engine: PostgresEngine) -> None:
    talk = await _conversation(engine)
    rng = random.Random(1)
    texts = ["".join(rng.choices(string.printable, k=TURN_CHARACTERS)) for _ in range(TURNS)]

    async def stored() -> int:
        async with connected(engine.url) as connection:
            return int(await connection.fetchval(_STORED))

    sizes = [await stored()]
    for at, text in enumerate(texts, start=1):
        await talk.append({"role": "user", "content": text})
        if at in (TURNS // 2, TURNS):
            sizes.append(await stored())
    size_of_text = sum(len(json.dumps(text)) for text in texts)
    first_half, second_half = sizes[1] - sizes[0], sizes[2] - sizes[1]
    # With events, digests and what the server keeps free in its pages.
    assert size_of_text < first_half + second_half < 2 * size_of_text
    assert second_half < 1.3 * first_half  # a turn costs the same whatever came before
    again = Conversation(call=talk._call, load=talk._load, checkpoint=talk.checkpoint)
    assert [m["content"] for m in await again.messages()] == texts


async def test_a_conversation_that_was_made_shorter_begins_anew(engine: PostgresEngine) -> None:
    talk = await _conversation(engine)
    await talk.append("one", "two")
    await talk.replace("in short")
    await talk.append("three")
    again = Conversation(call=talk._call, load=talk._load, checkpoint=talk.checkpoint)
    assert await again.messages() == await talk.messages() == ["in short", "three"]
    with pytest.raises(InvalidValue, match="is not JSON"):
        await talk.append({"when": object()})
    assert await again.messages() == ["in short", "three"]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}],
        [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}],
        [{"role": "model", "parts": [{"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}]}],
        [{"type": "assistant", "message": {"content": [{**CALL, "id": "c", "name": "f"}]}}],
    ],
)  # fmt: skip
def test_a_call_without_a_result_is_found_in_every_form(messages: list[Any]) -> None:
    [call] = unanswered_calls(messages)
    assert call.startswith("f ")
    for result in (
        {"role": "tool", "tool_call_id": "c", "content": "done"},
        {"type": "function_call_output", "call_id": "c", "output": "done"},
        {"role": "user", "parts": [{"functionResponse": {"id": "c", "name": "f"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c"}]},
    ):
        assert unanswered_calls([*messages, result]) == []
        assert unanswered_calls([result, *messages]) == [call]
