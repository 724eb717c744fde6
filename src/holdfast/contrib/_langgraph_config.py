"""What LangGraph's configs say: which thread, which checkpoint, and how much of the thread was seen.

A config that was read says how much of the thread had been seen then; LangGraph hands it on to what is saved on top of it.
"""

from __future__ import annotations

import json
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointMetadata, get_checkpoint_id

_SEEN = "__holdfast_seen"
# What LangGraph puts into the config of a graph's run.
_OF_A_RUN = "__pregel_"


def place_of(config: RunnableConfig) -> tuple[str, str]:
    """The thread and the namespace."""
    named = config["configurable"]
    return str(named["thread_id"]), str(named.get("checkpoint_ns") or "")


def config_of(place: tuple[str, str], checkpoint_id: str, seen: int) -> RunnableConfig:
    """The config that names a checkpoint, and says how much of the thread was seen."""
    return {
        "configurable": {
            "thread_id": place[0],
            "checkpoint_ns": place[1],
            "checkpoint_id": checkpoint_id,
            _SEEN: [*place, seen],
        }
    }


def seen_by(config: RunnableConfig, place: tuple[str, str]) -> int | None:
    """How much of the thread a writer has seen: as much as its config says, nothing, or None where it does not claim to know."""
    named = config["configurable"]
    told = named.get(_SEEN)
    if told is not None and tuple(told[:2]) == place:
        return int(told[2])
    claims = get_checkpoint_id(config) or any(name.startswith(_OF_A_RUN) for name in named)
    return 0 if claims else None


def labels_of(metadata: CheckpointMetadata) -> dict[str, Any]:
    """What of the metadata can be searched by: what JSON and the database have words for."""
    labels = {}
    for name, value in metadata.items():
        try:
            text = json.dumps(value, allow_nan=False, ensure_ascii=False)
            text.encode()
        except (TypeError, ValueError, RecursionError):
            continue
        if "\\u0000" not in text:
            labels[name] = value
    return labels
