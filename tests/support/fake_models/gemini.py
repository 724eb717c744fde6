"""Google's `streamGenerateContent`, as Gemini asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support.fake_models.server import Answer, FakeModel, Request
from tests.support.fake_models.turns import INPUT_TOKENS, OUTPUT_TOKENS, Block, Text


class GeminiModel(FakeModel):
    """`POST …:streamGenerateContent`; a request that offers tools asks for the next turn."""

    def is_turn(self, path: str, body: Any) -> bool:
        return "enerateContent" in path and bool(body.get("tools"))

    def write_turn(self, answer: Answer, request: Request, blocks: Sequence[Block]) -> None:
        said = _said([_part(block) for block in blocks])
        if "alt=sse" in request.path:
            answer.events([said])
        else:
            answer.json(said)

    def write_other(self, answer: Answer, request: Request) -> None:
        if "countTokens" in request.path:
            answer.json({"totalTokens": INPUT_TOKENS})
        elif "enerateContent" in request.path:
            self.write_turn(answer, request, [Text("{}")])
        else:
            super().write_other(answer, request)


def _part(block: Block) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"text": block.text}
    return {"functionCall": {"name": block.name, "args": block.input}}


def _said(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "candidates": [
            {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": INPUT_TOKENS,
            "candidatesTokenCount": OUTPUT_TOKENS,
            "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
        },
        "modelVersion": "gemini-fake",
    }
