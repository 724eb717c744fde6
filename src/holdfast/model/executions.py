"""Executions as they are read."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from holdfast.model.states import ExecutionStatus, LogLevel


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of an execution's log."""

    line: int
    time: datetime
    level: LogLevel
    message: str
    data: dict[str, Any] | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Execution:
    """One tracked piece of agent work, as it stood when it was read."""

    id: UUID
    venture_id: UUID
    name: str
    kind: str | None
    agent: str | None
    role: str | None
    supervisor_id: UUID | None
    status: ExecutionStatus
    interrupted: bool
    current_activity: str | None
    completed_steps: int
    total_steps: int | None
    progress: Decimal | None
    attempt: int
    error_message: str | None
    input: Any
    result: Any
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    log_count: int
    lease_holder: str | None
    seq: int
    logs: tuple[LogLine, ...] = ()
