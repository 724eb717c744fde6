"""Directives as they are read: what there is to do."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum

DEFAULT_PRIORITY = 100


class DirectiveStatus(StrEnum):
    """Where a directive is."""

    DRAFT = "draft"
    ACTIVE = "active"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class DirectivePhase(StrEnum):
    """Which part of its work a directive is in."""

    LEAD = "LEAD"
    PLAN = "PLAN"
    EXEC = "EXEC"
    COMPLETE = "COMPLETE"


class Flag(StrEnum):
    """What makes a walk pause before a directive."""

    HUMAN_DECISION = "human_decision"
    SECURITY = "security"
    DATA_LOSS = "data_loss"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directive:
    """One directive as it stood when it was read; with children it is an orchestrator."""

    sd_key: str
    parent_key: str | None
    title: str
    description: str | None
    status: DirectiveStatus
    phase: DirectivePhase
    priority: int
    """Lower first."""
    verification: str | None
    blocked_reason: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    total_children: int
    completed_children: int
    held_by: str | None
    """The session that holds it now."""
    held_since: datetime | None
    held_until: datetime | None
    needs: tuple[str, ...]
    waits_for: tuple[str, ...]
    """Which of its needs are not completed yet."""
    depth: int = 0
    """How far below the root of the tree that was read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NewDirective:
    """A directive that is to be added."""

    key: str
    title: str
    description: str | None = None
    priority: int = DEFAULT_PRIORITY
    verify: str | None = None
    needs: tuple[str, ...] = ()
    parent: str | None = None
