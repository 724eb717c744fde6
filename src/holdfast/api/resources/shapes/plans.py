"""Plans and their steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from holdfast.api.resources.shapes.progress import Measured
from holdfast.model.states import PlanStatus, QuestionStatus, SupervisorState

_KEY = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"


class Plan(Measured):
    """How a plan stands."""

    id: UUID
    name: str
    status: PlanStatus
    supervisor_id: UUID
    supervisor_state: SupervisorState
    interrupted: bool
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    stop_reason: str | None
    rolling_back_to: str | None
    rollback_reason: str | None
    directive_id: UUID
    sd_key: str
    total_steps: int
    completed_steps: int
    progress: float
    restoration_count: int
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    seq: int


class ListedPlan(Plan):
    """A plan with what it is at."""

    current_steps: list[str]
    waiting_questions: int


class WholePlan(Plan):
    """A plan with what holds for the whole of it: folder, environment."""

    spec: dict[str, Any]


class Gate(BaseModel):
    """What a person decides before a step's work begins."""

    id: UUID
    message: str
    options: list[Any] | None
    status: QuestionStatus
    answer: Any
    answered_by: str | None
    answered_at: datetime | None


class Evidence(BaseModel):
    """What a verification ran and what came of it."""

    command: Any
    exit_code: int
    output_digest: str
    output_tail: str
    started_at: datetime
    duration_ms: int


class PlanStep(BaseModel):
    """One round of a step."""

    step_key: str
    round: int
    position: int
    title: str
    active_form: str | None
    role: str | None
    agent: str | None
    needs: list[str]
    status: PlanStatus
    attempt: int
    has_verification: bool
    execution_id: UUID | None
    verification_id: UUID | None
    completed_steps: int | None
    total_steps: int | None
    progress: float | None
    current_activity: str | None
    result: Any
    error_message: str | None
    skip_reason: str | None
    of_step: str | None
    report_id: UUID | None
    released_at: datetime | None
    undo_status: str | None
    undo_id: UUID | None
    findings: Any
    started_at: datetime | None
    ended_at: datetime | None
    gate: Gate | None
    evidence: Evidence | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> PlanStep:
        """The step that a row says, with its gate and its evidence if it has any."""
        gate = row["question_id"] and {
            "id": row["question_id"],
            **{name.removeprefix("gate_"): value for name, value in row.items() if name.startswith("gate_")},
        }  # fmt: skip
        evidence = row["output_digest"] and {
            **row,
            "command": row["evidence_command"],
            "started_at": row["verified_at"],
        }
        return cls.model_validate({**row, "gate": gate or None, "evidence": evidence or None})


class Condition(BaseModel):
    """What must hold before a plan starts, and what the newest check found."""

    condition_id: str
    title: str
    kind: str = Field(description="command, step (of another plan) or tick")
    holds: bool
    checked_at: datetime | None
    told: str | None
    ticked_by: str | None
    checks: int
    command: list[str] | None
    exit_code: int | None
    output_tail: str | None
    execution_id: UUID | None


class Rollback(BaseModel):
    """Where a plan is rolled back to, and why."""

    to_step: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=2000)


class NewStep(BaseModel, extra="allow"):
    """A step; further keys are those of a plan file's step."""

    id: str = Field(pattern=_KEY)
    title: str | None = Field(default=None, max_length=500)
    needs: list[str] = Field(default_factory=list, max_length=200)


class NewPlan(BaseModel):
    """A plan with its steps in order; a worker runs it."""

    name: str = Field(min_length=1, max_length=200)
    steps: list[NewStep] = Field(min_length=1, max_length=10_000)
    spec: dict[str, Any] = Field(default_factory=dict)
    sd_key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")
