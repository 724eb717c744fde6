"""What a restoration found, and what it did about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class RestorationAction(StrEnum):
    """All that a restoration may do about what it finds."""

    KEEP = "keep"
    REPAIR = "repair"
    DROP = "drop"
    RESPAWN = "respawn"
    GO_BACK = "go_back"
    START_FRESH = "start_fresh"
    ASK = "ask"
    FINISH = "finish"


class RestorationSource(StrEnum):
    """Why a supervisor was restored."""

    DAEMON_RESTART = "daemon_restart"
    TASK_REASSIGNED = "task_reassigned"
    LEASE_EXPIRED = "lease_expired"
    MANUAL = "manual"
    CHECKPOINT = "checkpoint"


class RestorationOutcome(StrEnum):
    """What became of a supervisor that was restored."""

    WENT_ON = "went_on"
    ASKED = "asked"
    FINISHED = "finished"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found, and the one action that followed."""

    step: str
    finding: str
    subject: str
    action: RestorationAction
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restoration:
    """One time that a supervisor was brought back."""

    number: int
    source: RestorationSource
    checkpoint: int | None
    """From which it goes on; None: there is none."""
    context: str
    """What its agent has to know."""
    findings: tuple[Finding, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether nothing of before could be used."""
        return any(f.action is RestorationAction.START_FRESH for f in self.findings)


def restoration_of(told: Mapping[str, Any]) -> Restoration:
    """A restoration as the engine tells it.

    >>> told = {"number": 1, "source": "manual", "checkpoint": 2, "context": "", "findings": []}
    >>> restoration_of(told).is_fresh
    False
    """
    findings = [{**each, "action": RestorationAction(each["action"])} for each in told["findings"]]
    return Restoration(
        number=told["number"],
        source=RestorationSource(told["source"]),
        checkpoint=told["checkpoint"],
        context=told["context"],
        findings=tuple(Finding(**each) for each in findings),
    )
