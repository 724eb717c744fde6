"""What a scripted model says in one turn."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeAlias

# What each turn is said to have cost.
INPUT_TOKENS = 10
OUTPUT_TOKENS = 5


@dataclasses.dataclass(frozen=True)
class Text:
    """The model says something; a turn without a call ends the program's work."""

    text: str


@dataclasses.dataclass(frozen=True)
class Call:
    """The model calls a tool of the program."""

    name: str
    input: dict[str, Any] = dataclasses.field(default_factory=dict)
    namespace: str | None = None
    """The MCP server whose tool it is, where the wire format (OpenAI's) keeps it apart."""


@dataclasses.dataclass(frozen=True)
class Fail:
    """The server refuses the request. Programs try again, even what a second try does not mend."""

    status: int = 400
    message: str = "the model has had enough"


Block: TypeAlias = Text | Call
Turn: TypeAlias = Block | Fail | Sequence[Block]


def blocks_of(turn: Turn) -> list[Block]:
    """A turn's blocks."""
    assert not isinstance(turn, Fail)
    return [turn] if isinstance(turn, Text | Call) else list(turn)
