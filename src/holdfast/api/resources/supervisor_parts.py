"""What a supervisor went through: its restorations, its steps, its checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from holdfast.api.resources.documenting import READING, resource
from holdfast.api.resources.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.supervisors import (
    Checkpoint,
    Restoration,
    RestorationPreview,
    SupervisorStep,
)

router = resource("/api/v1/supervisors/{supervisor_id}", tag="supervisors")


@router.get("/restorations", responses=READING)
async def list_restorations(
    reading: Reading, supervisor_id: UUID, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[Restoration]:
    """Its restorations, newest first, with what each found."""
    await reading.one("one_supervisor", "supervisor", supervisor_id)
    [before] = place(after, int)
    rows = await reading.rows("list_restorations", supervisor_id, before, limit + 1)
    return page_of(rows, limit, Restoration, lambda row: [row["number"]])


@router.get("/steps", responses=READING)
async def list_supervisor_steps(
    reading: Reading, supervisor_id: UUID, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[SupervisorStep]:
    """What it has done once and for ever, as the steps began."""
    await reading.one("one_supervisor", "supervisor", supervisor_id)
    began, name = place(after, datetime.fromisoformat, str)
    rows = await reading.rows("list_supervisor_steps", supervisor_id, began, name, limit + 1)
    return page_of(rows, limit, SupervisorStep, lambda row: [row["started_at"], row["name"]])


@router.get("/checkpoints", responses=READING)
async def list_checkpoints(
    reading: Reading, supervisor_id: UUID, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[Checkpoint]:
    """Its checkpoints, newest first."""
    await reading.one("one_supervisor", "supervisor", supervisor_id)
    [before] = place(after, int)
    rows = await reading.rows("list_checkpoints", supervisor_id, before, limit + 1)
    return page_of(rows, limit, Checkpoint, lambda row: [row["number"]])


@router.get("/restoration", responses=READING)
async def preview_restoration(
    reading: Reading,
    supervisor_id: UUID,
    checkpoint: Annotated[int | None, Query(ge=1, description="From this one.")] = None,
) -> RestorationPreview:
    """What a restoration would find now and do about it; nothing is changed."""
    given = {"supervisor_id": supervisor_id, "from": checkpoint, "venture_id": reading.venture_id}
    told = await reading.caller.engine.call_value("preview_restoration", **given)
    return RestorationPreview.model_validate(told)
