"""Questions: what waits for a person."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from holdfast.api.resources.documenting import ANY, ONE, READING, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.questions import Answer, Interrupt, Notification, Question
from holdfast.api.resources.writing import Done, OptionalReason, Writing
from holdfast.model.interrupts import as_interrupt
from holdfast.model.states import QuestionStatus

router = resource("/api/v1/questions", tag="questions")


@router.get("", responses=ANY)
async def list_questions(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: QuestionStatus | None = None,
    supervisor_id: UUID | None = None,
    session_id: Annotated[UUID | None, Query(description="The asking session's id.")] = None,
    plan_id: UUID | None = None,
    mine: Annotated[bool, Query(description="Only those that are for the caller.")] = False,
    order: Literal["newest", "oldest"] = "newest",
) -> Page[Question]:
    """Questions, newest first unless the oldest are asked for."""
    [seen] = place(after, UUID)
    asked = (status, supervisor_id, session_id, plan_id, mine, order == "oldest")
    rows = await reading.rows("list_questions", seen, limit + 1, *asked)
    return page_of(rows, limit, Question, lambda row: [row["id"]])


@router.get("/interrupts", responses=ANY)
async def list_interrupts(
    reading: Reading,
    *,
    mine: Annotated[bool, Query(description="Only those that are for the caller.")] = False,
) -> list[Interrupt]:
    """Open questions under the names of AG-UI, the oldest first, at most 500."""
    rows = await reading.rows("questions", True, mine, None)
    return [Interrupt.model_validate(as_interrupt(dict(row))) for row in rows]


@router.get("/{question_id}", response_model=Question, responses=ONE)
async def get_question(
    reading: Reading, question_id: UUID, if_none_match: IfNoneMatch = None
) -> Response:
    """One question."""
    row = await reading.one("one_question", "question", question_id)
    return tagged(Question.model_validate(dict(row)), row["seq"], if_none_match)


@router.get("/{question_id}/notifications", responses=READING)
async def list_question_notifications(reading: Reading, question_id: UUID) -> list[Notification]:
    """Who was told of a question by which channel, the oldest first."""
    await reading.one("one_question", "question", question_id)
    rows = await reading.rows("question_notifications", question_id)
    return [Notification.model_validate(dict(row)) for row in rows]


@router.post("/{question_id}/answer", responses=WRITING)
async def answer_question(writing: Writing, question_id: UUID, given: Answer) -> Done:
    """Answer an open question that is for you; without an audience it is for operators, and an owner always may.

    The first answer counts.
    """
    return await writing.do(
        "answer_question", question_id, answer=given.answer, action_digest=given.action_sha256
    )


@router.post("/{question_id}/withdraw", responses=WRITING)
async def withdraw_question(writing: Writing, question_id: UUID, given: OptionalReason) -> Done:
    """Withdraw an open question for its asker; needs the role operator."""
    return await writing.do("dismiss_question", question_id, reason=given.reason)
