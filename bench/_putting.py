"""Conversations as a graph of LangGraph saves them, whatever keeps its checkpoints."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6

_MESSAGE = "m" * 1000
_threads = itertools.count(1)


def putting(saver: BaseCheckpointSaver[Any], *, messages: int) -> Callable[[int], Awaitable[None]]:
    """Gives a call which saves a checkpoint after each message of 1 KB; after so many a caller begins a new thread."""
    talks: dict[int, tuple[Any, Checkpoint, list[str]]] = {}

    async def put(caller: int) -> None:
        config, checkpoint, said = talks.get(caller) or (_new(), empty_checkpoint(), [])
        said = [*said, f"{len(said)} {_MESSAGE}"]
        checkpoint = _with(saver, checkpoint, said)
        versions = checkpoint["channel_versions"]
        config = await saver.aput(
            config, checkpoint, {"source": "loop", "step": len(said)}, versions
        )
        talks[caller] = (config, checkpoint, said)
        if len(said) == messages:
            del talks[caller]

    return put


def _new() -> Any:
    return {"configurable": {"thread_id": f"thread {next(_threads)}", "checkpoint_ns": ""}}


def _with(saver: BaseCheckpointSaver[Any], before: Checkpoint, said: list[str]) -> Checkpoint:
    version = saver.get_next_version(before["channel_versions"].get("messages"), None)
    return {
        **before,
        "id": str(uuid6()),
        "channel_values": {"messages": said},
        "channel_versions": {"messages": version},
    }
