"""What an agent's tool call came to."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeldWork:
    """The directive that a session holds, and the token of its claim."""

    sd_key: str
    phase: str
    epoch: int
    token: UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToolOutcome:
    """What a tool gave, and what the session holds afterwards."""

    result: dict[str, Any]
    repeated: bool
    """Whether the call was made before under the same id, and changed nothing now."""
    held: HeldWork | None
