"""What a framework keeps, as the functions are called for it."""

from __future__ import annotations

from typing import Any

_THREAD = {"framework": "langgraph", "scope": "", "key": "thread"}
_CHECKPOINT = {"key": "thread", "part": "", "checkpoint_id": "1"}
TALK = {"framework": "openai", "scope": "", "key": "talk"}
KEEPING: dict[str, dict[str, Any]] = {
    "append_conversation": {**TALK, "part": "", "contents": [b"hello"]},
    "save_conversation_checkpoint": {
        **_CHECKPOINT,
        "parent_id": None,
        "body": b"",
        "metadata": b"",
        "labels": {"run_id": "run"},
        "versions": {"messages": "1"},
        "channels": ["messages"],
        "is_list": [True],
        "bases": [None],
        "keeps": [0],
        "counts": [1],
        "contents": [b"hello"],
    },
    "save_conversation_writes": {
        **_CHECKPOINT,
        "task_id": "task",
        "task_path": "",
        "places": [0],
        "channels": ["messages"],
        "contents": [b"hello"],
    },
}
DROPPING: dict[str, dict[str, Any]] = {
    "pop_conversation_item": {**TALK, "part": ""},
    "delete_conversation": TALK,
    "copy_conversation": {**_THREAD, "to_key": "other"},
    "prune_conversation": _THREAD,
    "delete_conversation_runs": {"run_ids": ["run"]},
}
