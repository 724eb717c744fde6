"""Questions: what waits for a person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from holdfast.api.resources.documenting import ANY, ONE, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.questions import Answer, Question
from holdfast.api.resources.writing import Done, OptionalReason, Writing
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
) -> Page[Question]:
    """Questions, newest first."""
    [before] = place(after, UUID)
    rows = await reading.rows(
        "list_questions", before, limit + 1, status, supervisor_id, session_id, plan_id
    )
    return page_of(rows, limit, Question, lambda row: [row["id"]])


@router.get("/{question_id}", response_model=Question, responses=ONE)
async def get_question(
    reading: Reading, question_id: UUID, if_none_match: IfNoneMatch = None
) -> Response:
    """One question."""
    row = await reading.one("one_question", "question", question_id)
    return tagged(Question.model_validate(dict(row)), row["seq"], if_none_match)


@router.post("/{question_id}/answer", responses=WRITING)
async def answer_question(writing: Writing, question_id: UUID, given: Answer) -> Done:
    """Answer an open question; needs the role operator. The first answer counts."""
    return await writing.do("answer_question", question_id, answer=given.answer)


@router.post("/{question_id}/withdraw", responses=WRITING)
async def withdraw_question(writing: Writing, question_id: UUID, given: OptionalReason) -> Done:
    """Withdraw an open question for its asker; needs the role operator."""
    return await writing.do("dismiss_question", question_id, reason=given.reason)
