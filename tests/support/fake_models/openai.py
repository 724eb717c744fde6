"""OpenAI's Responses, as Codex asks for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from tests.support.fake_models.server import Answer, FakeModel, Request
from tests.support.fake_models.turns import INPUT_TOKENS, OUTPUT_TOKENS, Block, Text


class OpenAIModel(FakeModel):
    """`POST /v1/responses`; every one asks for the next turn."""

    def is_turn(self, path: str, body: Any) -> bool:
        return path.partition("?")[0].endswith("/responses")

    def write_turn(self, answer: Answer, request: Request, blocks: Sequence[Block]) -> None:
        items = [_item(block) for block in blocks]
        response = {"id": f"resp_{uuid4().hex}", "object": "response"}
        events: list[dict[str, Any]] = [
            {
                "type": "response.created",
                "response": {**response, "status": "in_progress", "output": []},
            }
        ]
        for index, item in enumerate(items):
            for kind in ("response.output_item.added", "response.output_item.done"):
                events.append({"type": kind, "output_index": index, "item": item})
        ended = {**response, "status": "completed", "output": items, "usage": _USAGE}
        events.append({"type": "response.completed", "response": ended})
        answer.events(events, named=True)

    def write_other(self, answer: Answer, request: Request) -> None:
        if request.path.partition("?")[0].endswith("/models"):
            answer.json({"data": [], "models": []})
        else:
            super().write_other(answer, request)


_USAGE = {
    "input_tokens": INPUT_TOKENS,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}


def _item(block: Block) -> dict[str, Any]:
    if isinstance(block, Text):
        return {
            "type": "message",
            "id": f"msg_{uuid4().hex}",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": block.text, "annotations": []}],
        }
    return {
        "type": "function_call",
        "id": f"fc_{uuid4().hex}",
        "call_id": f"call_{uuid4().hex}",
        "name": block.name,
        **({"namespace": block.namespace} if block.namespace else {}),
        "arguments": json.dumps(block.input),
        "status": "completed",
    }
