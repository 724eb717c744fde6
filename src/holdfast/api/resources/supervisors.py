"""Supervisors: durable coordinators."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Response
from pydantic import BaseModel, Field

from holdfast.api.resources.documenting import ANY, ONE, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.paging import DEFAULT_LIMIT, After, Limit, Open, Page, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.supervisors import Supervisor, WholeSupervisor
from holdfast.api.resources.writing import Done, OptionalReason, Reason, Undo, Writing
from holdfast.model.states import SupervisorState

router = resource("/api/v1/supervisors", tag="supervisors")


class Restore(Reason):
    """From where, and why; unset means where it stands."""

    checkpoint: int | None = Field(default=None, ge=1)


class Rewind(Reason):
    """To which checkpoint, and why."""

    checkpoint: int = Field(ge=1)


class Fork(BaseModel):
    """From which checkpoint, unset means where it stands; and what the new one is called."""

    checkpoint: int | None = Field(default=None, ge=1)
    name: str | None = Field(default=None, min_length=1, max_length=200)


class Label(BaseModel):
    """What the checkpoint is called."""

    label: str | None = Field(default=None, max_length=200)


@router.get("", responses=ANY)
async def list_supervisors(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    state: SupervisorState | None = None,
    directive_id: UUID | None = None,
    session_id: UUID | None = None,
    only_open: Open = False,
) -> Page[Supervisor]:
    """Supervisors, newest first."""
    [before] = place(after, UUID)
    rows = await reading.rows(
        "list_supervisors", before, limit + 1, state, directive_id, session_id, only_open
    )
    return page_of(rows, limit, Supervisor, lambda row: [row["id"]])


@router.get("/{supervisor_id}", response_model=WholeSupervisor, responses=ONE)
async def get_supervisor(
    reading: Reading, supervisor_id: UUID, if_none_match: IfNoneMatch = None
) -> Response:
    """One supervisor with all that it has."""
    row = await reading.one("one_supervisor", "supervisor", supervisor_id)
    return tagged(WholeSupervisor.model_validate(dict(row)), row["seq"], if_none_match)


@router.post("/{supervisor_id}/pause", responses=WRITING)
async def pause_supervisor(writing: Writing, supervisor_id: UUID, given: OptionalReason) -> Done:
    """Take it from its worker until it is resumed; what it spawned goes on. Needs the role operator."""
    undo = Undo(path=f"/api/v1/supervisors/{supervisor_id}/resume")
    return await writing.do("pause_supervisor", supervisor_id, undo=undo, reason=given.reason)


@router.post("/{supervisor_id}/resume", responses=WRITING)
async def resume_supervisor(writing: Writing, supervisor_id: UUID, given: OptionalReason) -> Done:
    """Let a worker take it up again; needs the role operator."""
    undo = Undo(path=f"/api/v1/supervisors/{supervisor_id}/pause")
    return await writing.do("resume_supervisor", supervisor_id, undo=undo, reason=given.reason)


@router.post("/{supervisor_id}/stop", responses=WRITING)
async def stop_supervisor(writing: Writing, supervisor_id: UUID, given: OptionalReason) -> Done:
    """End it as failed, with its plan, its executions and its questions; needs the role operator."""
    return await writing.do("stop_supervisor", supervisor_id, reason=given.reason)


@router.post("/{supervisor_id}/restore", responses=WRITING)
async def restore_supervisor(
    writing: Writing, supervisor_id: UUID, given: Annotated[Restore, Body(default_factory=Restore)]
) -> Done:
    """Have the next worker restore it, from where it stands or from a checkpoint; whoever holds it loses it. Needs the role operator."""
    told: dict[str, Any] = {"from": given.checkpoint, "reason": given.reason}
    return await writing.do("restore_supervisor", supervisor_id, **told)


@router.post("/{supervisor_id}/rewind", responses=WRITING)
async def rewind_supervisor(writing: Writing, supervisor_id: UUID, given: Rewind) -> Done:
    """Take it back to a checkpoint and leave it paused; what came after is taken back. Needs the role operator."""
    told: dict[str, Any] = {"to": given.checkpoint, "reason": given.reason}
    return await writing.do("rewind_supervisor", supervisor_id, **told)


@router.post("/{supervisor_id}/fork", responses=WRITING)
async def fork_supervisor(
    writing: Writing, supervisor_id: UUID, given: Annotated[Fork, Body(default_factory=Fork)]
) -> Done:
    """Begin another one with what it had at a checkpoint; the answer has the new one's id. Needs the role operator."""
    told = {"id": str(supervisor_id), "from": given.checkpoint, "new_name": given.name}
    undo = "/api/v1/supervisors/{id}/stop"
    return await writing.make("fork_supervisor", undo_path=undo, **told)


@router.post("/{supervisor_id}/checkpoints", responses=WRITING)
async def request_checkpoint(
    writing: Writing, supervisor_id: UUID, given: Annotated[Label, Body(default_factory=Label)]
) -> Done:
    """Make a save point now; needs the role operator."""
    return await writing.do("request_checkpoint", supervisor_id, label=given.label)
