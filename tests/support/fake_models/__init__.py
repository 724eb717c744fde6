"""Model servers on loopback, scripted by a test, for agent programs that run without internet."""

from tests.support.fake_models.anthropic import AnthropicModel
from tests.support.fake_models.gemini import GeminiModel
from tests.support.fake_models.openai import OpenAIModel
from tests.support.fake_models.server import FakeModel, Request
from tests.support.fake_models.turns import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Block,
    Call,
    Fail,
    Text,
    Turn,
)

__all__ = [
    "INPUT_TOKENS",
    "OUTPUT_TOKENS",
    "AnthropicModel",
    "Block",
    "Call",
    "Fail",
    "FakeModel",
    "GeminiModel",
    "OpenAIModel",
    "Request",
    "Text",
    "Turn",
]
