"""Sessions of the Claude Agent SDK: Claude Code goes on where nothing of it was left, and nobody forks a session unawares."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from claude_agent_sdk import (
    ClaudeAgentOptions,
    ResultMessage,
    list_sessions_from_store,
    query,
    tag_session_via_store,
)

from holdfast.client import Holdfast
from holdfast.contrib.claude_agent_sdk import HoldfastSessionStore
from holdfast.engine.holding import holder_name
from holdfast.errors import Conflict, TooLarge
from tests.support import programs
from tests.support.fake_models import AnthropicModel, Text


def _entry(text: str, **more: Any) -> Any:
    return {"type": "user", "uuid": str(uuid.uuid4()), "message": {"content": text}, **more}


async def _asked(
    prompt: str, store: HoldfastSessionStore, model: AnthropicModel, home: Path, **options: Any
) -> ResultMessage:
    """Ask Claude Code something, as the SDK runs it, in a home of its own."""
    program = programs.claude(home, model)
    given = ClaudeAgentOptions(
        cli_path=program.path,
        env={**program.environment, "CLAUDE_CONFIG_DIR": str(home / ".claude")},
        cwd=home.parent,
        session_store=store,
        **options,
    )
    said = [message async for message in query(prompt=prompt, options=given)]
    result = said[-1]
    assert isinstance(result, ResultMessage)
    return result


async def test_claude_code_goes_on_in_a_home_that_has_never_seen_the_session(
    hf: Holdfast, tmp_path: Path
) -> None:
    with AnthropicModel(Text("Noted."), Text("You said blue.")) as model:
        first = await _asked("My colour is blue.", HoldfastSessionStore(hf), model, tmp_path / "a")
        store = HoldfastSessionStore(hf)
        second = await _asked("Which is it?", store, model, tmp_path / "b", resume=first.session_id)
        assert (first.result, second.result) == ("Noted.", "You said blue.")
        assert "My colour is blue." in model.turns[1].text
    [session] = await list_sessions_from_store(HoldfastSessionStore(hf), directory=str(tmp_path))
    assert session.session_id == first.session_id == second.session_id
    assert session.first_prompt == "My colour is blue."


async def test_a_store_whose_session_another_one_has_carried_on_is_refused_and_told_who(
    hf: Holdfast,
) -> None:
    session_id = str(uuid.uuid4())
    first, second = HoldfastSessionStore(hf), HoldfastSessionStore(hf)
    key: Any = {"project_key": "p", "session_id": session_id}
    batch = [_entry("one"), {"type": "mode"}]
    await first.append(key, batch)
    assert await second.load(key) == batch
    await second.append(key, [_entry("two")])
    with pytest.raises(Conflict) as refusal:
        await first.append(key, [_entry("instead")])
    assert holder_name() in refusal.value.message
    # What says nothing does not carry a session on, and is not lost over one that does.
    await tag_session_via_store(HoldfastSessionStore(hf), session_id, "good", directory=None)
    await second.append(key, [_entry("three", customTitle="named")])
    [about] = await first.list_session_summaries("p")
    assert about["data"]["custom_title"] == "named"


async def test_an_entry_is_there_once_however_often_its_batch_is_sent(hf: Holdfast) -> None:
    key: Any = {"project_key": "p", "session_id": "s"}
    store = HoldfastSessionStore(hf)
    batch = [_entry("one"), _entry("two")]
    for given in (batch, batch, [*batch, batch[0]], [batch[1], _entry("three")]):
        await store.append(key, given)
    found = await store.load(key)
    assert found is not None
    assert [entry["message"]["content"] for entry in found] == ["one", "two", "three"]  # type: ignore[typeddict-item]


async def test_what_is_too_large_is_refused_with_its_size(hf: Holdfast) -> None:
    with pytest.raises(TooLarge, match="10001 items") as refusal:
        await HoldfastSessionStore(hf).append(
            {"project_key": "p", "session_id": "s"}, [{"type": "mode"}] * 10_001
        )
    assert "1 GiB" in (refusal.value.hint or "")
