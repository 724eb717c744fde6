"""Supervisors, their steps, checkpoints and restorations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from holdfast.model.states import QuestionStatus, SupervisorState
from holdfast.model.supervisors import RestorationAction, RestorationOutcome, RestorationSource


class Supervisor(BaseModel):
    """How a supervisor stands; `interrupted`: a live state whose lease ran out; `paused_at`: an operator holds it up."""

    id: UUID
    name: str
    handler: str | None
    key: str | None
    state: SupervisorState
    interrupted: bool
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    current_activity: str | None
    phase: str | None
    progress: float | None
    error_message: str | None
    directive_id: UUID | None
    session_id: UUID | None
    priority: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    restoration_count: int
    last_restored_at: datetime | None
    restoration_source: str | None
    deaths_in_a_row: int
    lease_epoch: int
    lease_holder: str | None
    lease_expires_at: datetime | None
    heartbeat_at: datetime | None
    spawned_tasks: int
    open_questions: int
    checkpoint: int | None
    forked_from: UUID | None
    seq: int


class PendingQuestion(BaseModel):
    """What a supervisor asked and has not consumed the answer of."""

    id: UUID
    message: str
    status: QuestionStatus


class WholeSupervisor(Supervisor):
    """A supervisor with all that it has."""

    input: Any
    result: Any
    metadata: dict[str, Any]
    spawned_task_ids: list[UUID]
    pending_questions: list[PendingQuestion]


class Finding(BaseModel):
    """What a restoration found, and the one action that followed."""

    step: str
    finding: str
    subject: str
    action: RestorationAction
    reason: str


class Restoration(BaseModel):
    """A restoration of a supervisor."""

    number: int
    source: RestorationSource
    restored_at: datetime
    interrupted_at: datetime | None
    holder: str | None
    outcome: RestorationOutcome
    checkpoint: int | None
    context: str = Field(description="What its agent was told.")
    findings: list[Finding]


class RestorationPreview(BaseModel):
    """What a restoration would find now, and do about it."""

    supervisor_id: UUID
    source: RestorationSource
    outcome: RestorationOutcome
    context: str = Field(description="What its agent would be told.")
    findings: list[Finding]


class SupervisorStep(BaseModel):
    """What a supervisor does once and for ever."""

    name: str
    status: str
    attempt: int
    result: Any
    error_message: str | None
    started_at: datetime
    ended_at: datetime | None
    dropped_at: datetime | None = Field(description="When going back took it back.")


class Checkpoint(BaseModel):
    """A save point; `blobs` counts the texts that it adds to its parent, `standing` is where the supervisor was."""

    number: int
    parent: int | None
    reason: str
    label: str | None
    state: Any
    standing: dict[str, Any]
    begins: bool = Field(description="Whether the conversation begins anew with it.")
    blobs: int
    created_at: datetime
