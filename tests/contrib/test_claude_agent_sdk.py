"""Sessions of the Claude Agent SDK: nobody forks one unawares, and nothing is there twice."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from claude_agent_sdk import (
    list_sessions_from_store,
    project_key_for_directory,
    tag_session_via_store,
)

from holdfast.client import Holdfast
from holdfast.contrib.claude_agent_sdk import HoldfastSessionStore
from holdfast.engine.holding import holder_name
from holdfast.errors import Conflict, TooLarge


def _entry(text: str, **more: Any) -> Any:
    return {"type": "user", "uuid": str(uuid.uuid4()), "message": {"content": text}, **more}


async def test_a_store_whose_session_another_one_has_carried_on_is_refused_and_told_who(
    hf: Holdfast, tmp_path: Path
) -> None:
    session_id = str(uuid.uuid4())
    first, second = HoldfastSessionStore(hf), HoldfastSessionStore(hf)
    project = project_key_for_directory(str(tmp_path))
    key: Any = {"project_key": project, "session_id": session_id}
    batch = [_entry("one"), {"type": "mode"}]
    await first.append(key, batch)
    assert await second.load(key) == batch
    await second.append(key, [_entry("two")])
    with pytest.raises(Conflict) as refusal:
        await first.append(key, [_entry("instead")])
    assert holder_name() in refusal.value.message
    # Who tags a session that is at work does not carry it on, and the tag stays when it goes on.
    await tag_session_via_store(HoldfastSessionStore(hf), session_id, "good", str(tmp_path))
    await second.append(key, [_entry("three")])
    [about] = await list_sessions_from_store(first, directory=str(tmp_path))
    assert (about.tag, about.first_prompt) == ("good", "one")


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
