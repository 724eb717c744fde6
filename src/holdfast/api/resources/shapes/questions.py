"""Questions to people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from holdfast.model.states import QuestionStatus


class Question(BaseModel):
    """A question, and who asks; `seq` counts its moves."""

    id: UUID
    supervisor_id: UUID | None
    session_id: UUID | None
    asker: str | None
    plan_id: UUID | None
    plan_name: str | None
    step_key: str | None
    key: str | None
    message: str
    options: list[Any] | None
    context: Any
    default_answer: Any
    status: QuestionStatus
    answer: Any
    answered_by: str | None
    created_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    closed_at: datetime | None
    seq: int


class Answer(BaseModel):
    """The answer: one of the options, if there are any."""

    answer: Any
