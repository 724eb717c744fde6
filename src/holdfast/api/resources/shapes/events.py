"""Events, and what a venture is doing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class StreamKind(StrEnum):
    """What can have a stream of events."""

    VENTURE = "venture"
    DIRECTIVE = "directive"
    SESSION = "session"
    SUPERVISOR = "supervisor"
    EXECUTION = "execution"
    PLAN = "plan"


class EventRow(BaseModel):
    """One change of one stream."""

    stream: StreamKind
    stream_id: UUID
    seq: int
    type: str
    time: datetime
    actor: str | None
    data: dict[str, Any]


class Overview(BaseModel):
    """What a venture is doing, counted over sessions and executions; `done`: in the last 24 hours.

    Follow the events from `cursor`, and no change after these counts is missed.
    """

    needs_you: int
    working: int
    idle: int
    done: int
    lost: int
    cursor: str


class Subscription(BaseModel):
    """Who follows the feed; an empty scope is all of the venture."""

    id: UUID
    gateway_id: UUID
    user_id: str | None
    transport: str
    scope: dict[str, Any]
    created_at: datetime
    seen_at: datetime
