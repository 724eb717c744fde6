"""Anthropic's Messages, as Claude Code asks for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from tests.support.fake_models.server import Answer, FakeModel, Request
from tests.support.fake_models.turns import INPUT_TOKENS, OUTPUT_TOKENS, Block, Fail, Text


class AnthropicModel(FakeModel):
    """`POST /v1/messages`; a request that offers tools asks for the next turn."""

    def is_turn(self, path: str, body: Any) -> bool:
        return _is_messages(path) and bool(body.get("tools"))

    def write_turn(self, answer: Answer, request: Request, blocks: Sequence[Block]) -> None:
        content = [_content(block) for block in blocks]
        calls = any(block["type"] == "tool_use" for block in content)
        stop = "tool_use" if calls else "end_turn"
        message = _message(request.body)
        if request.body.get("stream"):
            answer.events([*_events(message, content, stop)], named=True)
        else:
            answer.json({**message, "content": content, "stop_reason": stop})

    def write_other(self, answer: Answer, request: Request) -> None:
        if request.path.startswith("/v1/messages/count_tokens"):
            answer.json({"input_tokens": INPUT_TOKENS})
        elif _is_messages(request.path):
            self.write_turn(answer, request, [Text("ok")])
        elif request.path.startswith("/v1/models"):
            answer.json({"data": [], "has_more": False})
        else:
            super().write_other(answer, request)

    def error_body(self, failure: Fail) -> Any:
        return {"type": "error", **super().error_body(failure)}


def _is_messages(path: str) -> bool:
    return path.partition("?")[0] == "/v1/messages"


def _content(block: Block) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    return {
        "type": "tool_use",
        "id": f"toolu_{uuid4().hex}",
        "name": block.name,
        "input": block.input,
    }


def _message(body: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
    }


def _events(
    message: dict[str, Any], content: Sequence[dict[str, Any]], stop: str
) -> Sequence[dict[str, Any]]:
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, block in enumerate(content):
        if block["type"] == "text":
            start = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        events += [
            {"type": "content_block_start", "index": index, "content_block": start},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    return [
        *events,
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": OUTPUT_TOKENS},
        },
        {"type": "message_stop"},
    ]
