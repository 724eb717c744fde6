"""Sessions of the OpenAI Agents SDK: a real run against a scripted model, and two writers of one conversation."""

from __future__ import annotations

from typing import Any

import pytest
from agents.memory import Session, SessionSettings
from openai import AsyncOpenAI

from agents import Agent, OpenAIResponsesModel, RunConfig, Runner
from holdfast.client import Holdfast
from holdfast.contrib.openai_agents import HoldfastSession
from holdfast.engine.holding import holder_name
from holdfast.errors import Conflict
from tests.support.fake_models import OpenAIModel, Text


def _item(text: str) -> Any:
    return {"role": "user", "content": text}


async def _run(model: OpenAIModel, prompt: str, session: Session) -> str:
    async with AsyncOpenAI(base_url=f"{model.url}/v1", api_key="none") as client:
        agent = Agent("clerk", model=OpenAIResponsesModel("scripted", client))
        config = RunConfig(tracing_disabled=True)
        result = Runner.run_streamed(agent, prompt, session=session, run_config=config)
        async for _ in result.stream_events():
            pass
    return str(result.final_output)


async def test_a_run_through_a_server_knows_what_the_one_before_it_was_told(
    remote: Holdfast,
) -> None:
    with OpenAIModel(Text("Noted."), Text("You said blue.")) as model:
        assert await _run(model, "My colour is blue.", HoldfastSession("ann", remote)) == "Noted."
        told = await _run(model, "Which is it?", HoldfastSession("ann", remote))
        assert told == "You said blue."
        assert "My colour is blue." in model.turns[1].text
        assert "Noted." in model.turns[1].text
    items = await HoldfastSession("ann", remote).get_items()
    assert [item.get("role") for item in items] == ["user", "assistant"] * 2


async def test_the_second_of_two_writers_is_refused_and_told_who_was_first(hf: Holdfast) -> None:
    first, second = HoldfastSession("s", hf), HoldfastSession("s", hf)
    assert isinstance(first, Session)
    assert await first.get_items() == await second.get_items() == []
    await first.add_items([_item("one"), _item("two\x00\udc80")])
    await first.add_items([_item("three")])
    with pytest.raises(Conflict) as refusal:
        await second.add_items([_item("instead")])
    assert holder_name() in refusal.value.message
    with pytest.raises(Conflict):
        await second.pop_item()
    assert await second.get_items() == [_item("one"), _item("two\x00\udc80"), _item("three")]
    await second.add_items([_item("four")])
    with pytest.raises(Conflict):
        await first.add_items([_item("five")])
    await HoldfastSession("s", hf).add_items([_item("from one who has read nothing")])


async def test_items_are_taken_off_the_end_counted_and_cleared(hf: Holdfast) -> None:
    session = HoldfastSession("s", hf, session_settings=SessionSettings(limit=2))
    assert await session.pop_item() is None
    await session.add_items([])
    await session.add_items([_item(str(number)) for number in range(2500)])
    assert await session.get_items() == [_item("2498"), _item("2499")]
    assert await session.get_items(0) == []
    assert await session.pop_item() == _item("2499")
    every = await HoldfastSession("s", hf).get_items()
    assert every == [_item(str(number)) for number in range(2499)]
    stale = HoldfastSession("s", hf)
    await stale.get_items()
    await session.clear_session()
    assert await session.get_items() == []
    await session.add_items([_item("anew")])
    # The conversation that it has read is not this one.
    with pytest.raises(Conflict):
        await stale.add_items([_item("late")])
