"""Questions to people."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from holdfast.model.states import QuestionStatus


class Audience(BaseModel):
    """Whom a question is for: whoever is the person or has the role."""

    person: str | None = None
    role: Literal["viewer", "agent", "operator", "owner"] | None = None


class Blocked(BaseModel):
    """What waits for an answer."""

    noun: str = Field(description="`step`, `session`, `supervisor`, `directive`, or `work`.")
    name: str
    title: str | None = None
    id: UUID | None = None
    plan_id: UUID | None = None


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
    response_schema: dict[str, Any] | bool | None = Field(
        validation_alias="schema", description="The form of the answer, as a JSON Schema."
    )
    context: Any
    audience: Audience | None = Field(description="Whom it is for; null: operators.")
    is_mine: bool = Field(description="Whether it is for the caller.")
    default_answer: Any
    on_expiry: Literal["default", "fail", "escalate"]
    escalation: dict[str, Any] | None = Field(description="Whom it is for then.")
    escalated: int = Field(description="How often it was.")
    blocks: list[Blocked]
    action: Any = Field(description="What exactly an approval is for.")
    action_sha256: str | None = Field(description="Of its canonical JSON, as hexadecimal digits.")
    status: QuestionStatus
    answer: Any
    answered_by: str | None
    answered_as: Literal["audience", "owner"] | None
    created_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    close_reason: str | None
    voided_at: datetime | None = Field(
        description="When what it was about had changed, and it was asked anew."
    )
    seq: int


class Answer(BaseModel):
    """The answer: one of the options, or of the schema's form, if there are any."""

    answer: Any
    action_sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="Of the action that you saw: if it is another one, the answer is refused.",
    )


class Notification(BaseModel):
    """That people were told of a question by a channel, or are to be."""

    channel: str
    occasion: Literal["asked", "unanswered", "escalated"]
    status: Literal["pending", "sent", "failed", "dropped"]
    attempts: int
    error: str | None
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None


class Interrupt(BaseModel):
    """An open question under the names of AG-UI."""

    id: UUID
    reason: str
    message: str
    responseSchema: dict[str, Any] | bool | None  # noqa: N815 - AG-UI's
    expiresAt: datetime | None  # noqa: N815
    metadata: dict[str, Any]
