"""The states of every noun. The allowed moves stand beside the same values in the database."""

from __future__ import annotations

from enum import StrEnum


class ExecutionStatus(StrEnum):
    """Where an execution is."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SupervisorState(StrEnum):
    """Where a supervisor is."""

    STARTING = "starting"
    WORKING = "working"
    WAITING_FOR_TASKS = "waiting_for_tasks"
    WAITING_FOR_ANSWERS = "waiting_for_answers"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"


class QuestionStatus(StrEnum):
    """Where a question is."""

    OPEN = "open"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class PlanStatus(StrEnum):
    """Where a plan or one of its steps is."""

    PENDING = "pending"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class LogLevel(StrEnum):
    """How loud a log line is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
