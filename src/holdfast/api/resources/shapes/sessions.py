"""Sessions and what they claimed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from holdfast.api.resources.shapes.progress import Measured
from holdfast.model.directives import DirectivePhase
from holdfast.model.sessions import SessionState


class Session(Measured):
    """How a session stands, what it holds and how far its walk has come; `interrupted`: a live state whose lease ran out."""

    id: UUID
    session_id: str
    state: SessionState
    is_live: bool
    interrupted: bool
    agent: str | None
    metadata: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    expected_silence_until: datetime | None
    lease_epoch: int
    lease_holder: str | None
    lease_expires_at: datetime | None
    heartbeat_at: datetime | None
    directive_id: UUID | None
    sd_key: str | None
    directive_title: str | None
    phase: DirectivePhase | None
    claimed_at: datetime | None
    claim_expires_at: datetime | None
    is_holding: bool
    orchestrator_key: str | None
    active_sd_key: str | None
    completed_children: int | None
    total_children: int | None
    walk_progress: float | None
    decision: str | None
    pause_reason: str | None
    why: str | None
    open_questions: int
    seq: int


class Claim(BaseModel):
    """A claim of a session, and what ended it; it is the session's still where `ended_at` is null and its lease lasts."""

    sd_key: str
    title: str | None
    directive_id: UUID
    claimed_at: datetime
    claimed_by: str | None
    mechanism: str
    taken_from: str | None
    reason: str | None
    ended_at: datetime | None
    ended_by: str | None
    next_session: str | None
    end_reason: str | None


class SessionHook(BaseModel):
    """How often a hook of a session's agent program ran, how often it stopped something or failed, and how long it took."""

    hook: str
    runs: int
    refusals: int
    failures: int
    seconds: float
    longest: float
    last_at: datetime


class Divergence(BaseModel):
    """One thing that a session's files or branch said otherwise than the database, and what became of it."""

    kind: str
    here: str
    truth: str
    repaired: bool
    problem: str | None
    times: int
    first_at: datetime
    last_at: datetime
