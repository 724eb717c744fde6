"""Sessions and what they claim: one run of one agent program."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from holdfast.model.directives import DirectivePhase


class SessionState(StrEnum):
    """Where a session is."""

    STARTING = "starting"
    RUNNING = "running"
    IDLE = "idle"
    REQUIRES_ACTION = "requires_action"
    ENDED = "ended"
    LOST = "lost"


class Mechanism(StrEnum):
    """How a session came by a claim."""

    FREE = "free"
    """Nobody held it."""
    AGAIN = "again"
    """It held it already, and has a new token."""
    EXPIRED = "expired"
    """Its holder's lease had run out."""
    FORCED = "forced"
    """It was taken from a living holder, with a reason."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SessionLease:
    """What proves that a session is the one that was started."""

    session_id: str
    epoch: int
    token: UUID

    @property
    def fence(self) -> dict[str, object]:
        """What every call of the session carries."""
        return {"session_id": self.session_id, "epoch": self.epoch, "token": self.token}


@dataclasses.dataclass(frozen=True, kw_only=True)
class StartedSession:
    """A session that has just been started, or has come back."""

    lease: SessionLease
    expires_at: datetime
    resumed: bool
    away_since: datetime | None
    """When one that has come back was heard of last."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A directive that a session has just claimed."""

    sd_key: str
    epoch: int
    token: UUID
    phase: DirectivePhase
    expires_at: datetime
    mechanism: Mechanism
    taken_from: str | None
    """The session that held it before, where it was another."""
    released: str | None = None
    """The directive that was given back for it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Beat:
    """What a heartbeat renewed, and what the session holds."""

    expires_at: datetime
    silence_ended: bool
    sd_key: str | None
    claim_epoch: int | None
    claim_expires_at: datetime | None
    claim_held: bool
    """Whether the lease on that directive lives; one that ran out is not renewed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """One session as it stood when it was read."""

    session_id: str
    agent: str | None
    state: SessionState
    is_live: bool
    """Whether its lease lasts; a state says so only once the reaper has been there."""
    metadata: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    heartbeat_at: datetime | None
    expected_silence_until: datetime | None
    lease_epoch: int
    lease_holder: str | None
    lease_expires_at: datetime | None
    sd_key: str | None
    phase: DirectivePhase | None
    claimed_at: datetime | None
    claim_expires_at: datetime | None
