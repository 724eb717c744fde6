"""Directives, and who held them when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from holdfast.model.directives import DirectivePhase, DirectiveStatus

KEY = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"


class Directive(BaseModel):
    """A directive, and who holds it."""

    id: UUID
    sd_key: str
    parent_key: str | None
    title: str
    description: str | None
    status: DirectiveStatus
    phase: DirectivePhase
    priority: int
    verification: str | None
    blocked_reason: str | None
    failures: int
    metadata: dict[str, Any]
    needs: list[str]
    total_children: int
    completed_children: int
    is_held: bool
    held_by: str | None
    held_since: datetime | None
    held_until: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    seq: int


class Branch(Directive):
    """A directive in its tree: each comes before what is below it."""

    depth: int


class NewDirective(BaseModel):
    """What there is to do."""

    sd_key: str = Field(pattern=KEY)
    title: str = Field(min_length=1, max_length=500)
    parent: str | None = Field(default=None, max_length=128)
    description: str | None = Field(default=None, max_length=20000)
    status: DirectiveStatus = DirectiveStatus.DRAFT
    phase: DirectivePhase = DirectivePhase.LEAD
    priority: int = Field(default=100, ge=-(2**31), le=2**31 - 1)
    verification: str | None = Field(default=None, max_length=20000)
    needs: list[str] = Field(default_factory=list, max_length=200)
    metadata: dict[str, Any] = Field(default_factory=dict)


class Move(BaseModel):
    """To which phase; going back needs a reason."""

    phase: DirectivePhase
    reason: str | None = Field(default=None, max_length=2000)


class TakeOver(BaseModel):
    """Which session is to have it, and why."""

    session_id: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


class Holder(BaseModel):
    """Who held a directive, and until what; `lost_at`: the session was lost by the time that was asked for."""

    session_id: str
    since: datetime
    mechanism: str
    until: datetime | None
    ended_by: str | None
    lost_at: datetime | None


class HeldAt(BaseModel):
    """Who held a directive at a time, if anybody did."""

    sd_key: str
    at: datetime
    holder: Holder | None
