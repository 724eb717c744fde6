"""Tool calls in a conversation whose outcome nobody wrote down, in whichever of the common forms it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

_MOST_CHARACTERS = 200
# What a call is named by, and what its result names the call by.
_CALL_IDS = {"tool_use": "id", "server_tool_use": "id", "mcp_tool_use": "id", "function_call": "call_id"}  # fmt: skip
_RESULT_IDS = ("tool_use_id", "tool_call_id")


def unanswered_calls(messages: Iterable[Any]) -> list[str]:
    """The calls without a result, oldest first: the tool's name and what it was given.

    Knows the messages of Anthropic, of OpenAI (chat and responses) and of Gemini.

    >>> call = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make deploy"}}
    >>> unanswered_calls([{"role": "assistant", "content": [call]}])
    ['Bash {"command": "make deploy"}']
    >>> result = {"type": "tool_result", "tool_use_id": "t1", "content": "done"}
    >>> unanswered_calls([{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}])
    []
    """
    pending: dict[str, str] = {}
    for part in _parts(list(messages)):
        if (call := _call(part)) is not None:
            pending[call[0]] = call[1]
        elif (answered := _answered(part)) is not None:
            pending.pop(answered, None)
    return list(pending.values())


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the messages, in the order in which they stand."""
    match value:
        case dict():
            yield value
            for within in value.values():
                yield from _parts(within)
        case list():
            for within in value:
                yield from _parts(within)


def _call(part: dict[str, Any]) -> tuple[str, str] | None:
    """A call's id and text."""
    match part:
        case {"type": str(kind), "name": str(name)} if kind in _CALL_IDS:
            given = part.get("input", part.get("arguments"))
            return str(part.get(_CALL_IDS[kind])), _told(name, given)
        case {"id": str(id_), "function": {"name": str(name)}}:
            return id_, _told(name, part["function"].get("arguments"))
        case {"functionCall": {"name": str(name)}}:
            given = part["functionCall"]
            return str(given.get("id") or name), _told(name, given.get("args"))
    return None


def _answered(part: dict[str, Any]) -> str | None:
    """The id of the call that this is the result of."""
    for name in _RESULT_IDS:
        if isinstance(part.get(name), str):
            return str(part[name])
    match part:
        case {"type": "function_call_output", "call_id": str(id_)}:
            return id_
        case {"functionResponse": {"name": str(name)}}:
            return str(part["functionResponse"].get("id") or name)
    return None


def _told(name: str, given: Any) -> str:
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return f"{name} {text}"[:_MOST_CHARACTERS] if given else name
