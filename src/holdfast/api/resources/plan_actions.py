"""What people do to a plan that runs."""

from __future__ import annotations

from uuid import UUID

from holdfast.api.resources.documenting import READING, WRITING, resource
from holdfast.api.resources.paging import Page
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.plans import Condition, Rollback
from holdfast.api.resources.writing import Done, OptionalReason, Undo, Writing

router = resource("/api/v1/plans", tag="plans")


@router.post("/{plan_id}/pause", responses=WRITING)
async def pause_plan(writing: Writing, plan_id: UUID, given: OptionalReason) -> Done:
    """Let it start nothing new; what is under way comes to its end. Needs the role operator."""
    undo = Undo(path=f"/api/v1/plans/{plan_id}/resume")
    return await writing.do("pause_plan", plan_id, undo=undo, reason=given.reason)


@router.post("/{plan_id}/resume", responses=WRITING)
async def resume_plan(writing: Writing, plan_id: UUID, given: OptionalReason) -> Done:
    """Let it go on; one that has failed runs again from what failed. Needs the role operator."""
    undo = Undo(path=f"/api/v1/plans/{plan_id}/pause")
    return await writing.do("resume_plan", plan_id, undo=undo, reason=given.reason)


@router.post("/{plan_id}/stop", responses=WRITING)
async def stop_plan(writing: Writing, plan_id: UUID, given: OptionalReason) -> Done:
    """End it as failed, with what is under way; needs the role operator."""
    undo = Undo(path=f"/api/v1/plans/{plan_id}/resume")
    return await writing.do("stop_plan", plan_id, undo=undo, reason=given.reason)


@router.post("/{plan_id}/rollback", responses=WRITING)
async def roll_plan_back(writing: Writing, plan_id: UUID, given: Rollback) -> Done:
    """Take back a step and all that stands on it, and do them again; needs the role operator."""
    return await writing.do("roll_plan_back", plan_id, to_step=given.to_step, reason=given.reason)


@router.get("/{plan_id}/conditions", responses=READING)
async def list_conditions(reading: Reading, plan_id: UUID) -> Page[Condition]:
    """What must hold before it starts, and whether it does."""
    rows = await reading.caller.engine.call(
        "plan_conditions", plan_id=plan_id, venture_id=reading.venture_id
    )
    return Page(items=[Condition.model_validate(dict(row)) for row in rows])


@router.post("/{plan_id}/conditions/{condition_id}/tick", responses=WRITING)
async def tick_condition(writing: Writing, plan_id: UUID, condition_id: str) -> Done:
    """Say that a condition holds; needs the role operator."""
    return await writing.do("tick_condition", plan_id, condition_id=condition_id)
