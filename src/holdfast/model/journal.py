"""A write that waits on this machine until the database is back."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One call of an engine function by a session, under the lease that it had then."""

    id: UUID
    """Made by who writes it: the database applies an id once."""
    at: datetime
    """By the writer's clock; told to people, never compared."""
    venture_id: UUID
    session_id: str
    epoch: int
    """The session's, as the token is. What a directive's or an execution's own lease is stands in the arguments."""
    token: UUID
    function: str
    arguments: dict[str, Any]
    """The function's, without their `p_`, the session's fence and the venture; plain JSON."""
