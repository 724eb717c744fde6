"""Executions, their steps, logs and metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from holdfast.api.resources.shapes.progress import Measured
from holdfast.model.states import ExecutionStatus, LogLevel


class Execution(Measured):
    """How an execution stands; `interrupted`: running, and no worker holds it."""

    id: UUID
    name: str
    kind: str | None
    agent: str | None
    role: str | None
    supervisor_id: UUID | None
    directive_id: UUID | None
    sd_key: str | None
    session_id: UUID | None
    key: str | None
    retry_of: UUID | None
    status: ExecutionStatus
    interrupted: bool
    current_activity: str | None
    completed_steps: int
    total_steps: int | None
    progress: float | None
    attempt: int
    max_attempts: int
    error_message: str | None
    priority: int
    run_at: datetime
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    log_count: int
    lease_epoch: int
    lease_holder: str | None
    lease_expires_at: datetime | None
    heartbeat_at: datetime | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    seq: int


class WholeExecution(Execution):
    """An execution with all that it has."""

    input: Any
    result: Any
    metadata: dict[str, Any]


class NewExecution(BaseModel):
    """What is to be run: by a worker with the agent of its kind, or by whoever starts it."""

    name: str = Field(min_length=1, max_length=500)
    kind: str | None = Field(default=None, max_length=200, examples=["command"])
    input: dict[str, Any] = Field(default_factory=dict)
    agent: str | None = Field(default=None, max_length=200)
    role: str | None = Field(default=None, max_length=200)
    total_steps: int | None = Field(default=None, ge=0, le=2**31 - 1)
    directive_id: UUID | None = None
    session_id: UUID | None = None
    priority: int = Field(default=100, ge=-(2**31), le=2**31 - 1)
    run_at: datetime | None = None
    max_attempts: int = Field(default=3, ge=1, le=2**31 - 1)
    metadata: dict[str, Any] = Field(default_factory=dict)


class ExecutionStep(BaseModel):
    """A step of an execution."""

    position: int
    name: str
    status: str
    started_at: datetime
    ended_at: datetime | None


class LogLine(BaseModel):
    """One line of a log."""

    line: int
    time: datetime
    level: LogLevel
    message: str
    data: Any


class Metrics(BaseModel):
    """What an execution cost so far."""

    input_tokens: int
    output_tokens: int
    cost_usd: float
    model_calls: int
    tool_calls: int
    duration_ms: int | None
    metadata: dict[str, Any]
    updated_at: datetime | None
