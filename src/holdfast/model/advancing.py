"""What a session is told when it advances, and the evidence that what it had is done."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from holdfast.model.directives import DirectivePhase
from holdfast.model.sessions import Claim


class AdvanceOutcome(StrEnum):
    """How it went with what a session has."""

    COMPLETED = "completed"
    """It is done; where it has a verification, that passed."""
    FAILED = "failed"
    """An attempt at it failed: it is tried again twice, then it is blocked."""
    BLOCKED = "blocked"
    """It cannot go on; the reason says by what."""
    UNFINISHED = "unfinished"
    """The agent stopped though it is not done."""


class PauseReason(StrEnum):
    """Why a session does not go on by itself."""

    ORCHESTRATOR_DONE = "orchestrator_done"
    HUMAN_DECISION = "human_decision"
    FAILED = "failed"
    ALL_BLOCKED = "all_blocked"
    SECURITY = "security"
    AUTO_PROCEED_OFF = "auto_proceed_off"
    LIMITS_REACHED = "limits_reached"

    @property
    def words(self) -> str:
        """For people.

        >>> PauseReason.ALL_BLOCKED.words
        'all that is left is blocked'
        """
        return _WORDS[self]


_WORDS = {
    PauseReason.ORCHESTRATOR_DONE: "the orchestrator is done",
    PauseReason.HUMAN_DECISION: "a person has to decide",
    PauseReason.FAILED: "it failed after two retries",
    PauseReason.ALL_BLOCKED: "all that is left is blocked",
    PauseReason.SECURITY: "security or data loss",
    PauseReason.AUTO_PROCEED_OFF: "auto-proceed is off",
    PauseReason.LIMITS_REACHED: "a limit is reached",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """One run of a verification: what ran, how it ended, what it printed and when."""

    command: str
    exit_code: int
    """Negative where a signal ended it."""
    timed_out: bool
    output_digest: str
    """SHA-256 of all it printed, in hexadecimal digits."""
    output_tail: str
    started_at: datetime
    ended_at: datetime

    @property
    def passed(self) -> bool:
        """Whether it shows that the work is done."""
        return self.exit_code == 0 and not self.timed_out

    @property
    def as_json(self) -> dict[str, Any]:
        """As the database takes it."""
        times = {"started_at": self.started_at.isoformat(), "ended_at": self.ended_at.isoformat()}
        return dataclasses.asdict(self) | times


@dataclasses.dataclass(frozen=True, kw_only=True)
class Continue:
    """Go on with this directive."""

    sd_key: str
    title: str
    phase: DirectivePhase
    claim: Claim
    orchestrator_key: str
    is_final: bool
    """Whether all below it is over and its own verification is what is left."""
    failures: int
    """How many attempts at it have failed so far."""
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chain(Continue):
    """The orchestrator is over: go on with this directive of the next one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Something that stands in the way: a directive that cannot be taken, or an open question."""

    sd_key: str | None
    kind: str
    by: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pause:
    """Stop, and leave it to a person or to later."""

    reason: PauseReason
    text: str
    blocked: tuple[Obstacle, ...]
    sd_key: str | None
    """What the session still has."""
    orchestrator_key: str | None


Advanced: TypeAlias = Continue | Chain | Pause
