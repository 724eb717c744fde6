"""Executions: tracked pieces of agent work."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from holdfast.api.resources.documenting import ANY, ONE, READING, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.measuring import WithEta, measured, progress_of
from holdfast.api.resources.paging import (
    DEFAULT_LIMIT,
    After,
    Limit,
    Open,
    Page,
    Search,
    page_of,
    place,
)
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.executions import Execution, NewExecution, WholeExecution
from holdfast.api.resources.shapes.progress import Eta
from holdfast.api.resources.writing import Done, OptionalReason, Undo, Writing
from holdfast.model.states import ExecutionStatus
from holdfast.progress import of as of_executions

router = resource("/api/v1/executions", tag="executions")


@router.get("", responses=ANY)
async def list_executions(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: ExecutionStatus | None = None,
    session_id: UUID | None = None,
    supervisor_id: UUID | None = None,
    directive_id: UUID | None = None,
    agent: Annotated[str | None, Query(max_length=200)] = None,
    q: Search = None,
    only_open: Open = False,
    interrupted: Annotated[
        bool | None,
        Query(description="Only those that run and that nobody holds; `false`: only the others."),
    ] = None,
    eta: WithEta = False,
) -> Page[Execution]:
    """Executions, newest first; `q` is a part of the name."""
    [before] = place(after, UUID)
    rows = await reading.rows(
        "list_executions",
        before,
        limit + 1,
        status,
        session_id,
        supervisor_id,
        directive_id,
        agent,
        q,
        only_open,
        interrupted,
    )
    page = page_of(rows, limit, Execution, lambda row: [row["id"]])
    return await measured(reading, page, of_executions) if eta else page


@router.post("", status_code=201, responses=WRITING)
async def create_execution(writing: Writing, given: NewExecution) -> Done:
    """Make an execution; one with a kind is taken by a worker. Needs the role agent."""
    return await writing.make(
        "create_execution",
        undo_path="/api/v1/executions/{id}/cancel",
        **given.model_dump(mode="json"),
    )


@router.get("/{execution_id}/progress", responses=READING)
async def get_execution_progress(reading: Reading, execution_id: UUID) -> Eta:
    """How far it is, and how long it will take."""
    row = await reading.one("one_execution", "execution", execution_id)
    return await progress_of(reading, of_executions, row["id"])


@router.get("/{execution_id}", response_model=WholeExecution, responses=ONE)
async def get_execution(
    reading: Reading, execution_id: UUID, if_none_match: IfNoneMatch = None
) -> Response:
    """One execution with all that it has."""
    row = await reading.one("one_execution", "execution", execution_id)
    return tagged(WholeExecution.model_validate(dict(row)), row["seq"], if_none_match)


@router.post("/{execution_id}/cancel", responses=WRITING)
async def cancel_execution(writing: Writing, execution_id: UUID, given: OptionalReason) -> Done:
    """Cancel it, whoever runs it; needs the role operator."""
    undo = Undo(path=f"/api/v1/executions/{execution_id}/retry")
    return await writing.do("cancel_execution", execution_id, undo=undo, reason=given.reason)


@router.post("/{execution_id}/retry", status_code=201, responses=WRITING)
async def retry_execution(writing: Writing, execution_id: UUID, given: OptionalReason) -> Done:
    """Make an execution that does it again; `id` is the new one's. Needs the role operator."""
    return await writing.make(
        "retry_execution",
        undo_path="/api/v1/executions/{id}/cancel",
        id=str(execution_id),
        reason=given.reason,
    )
