"""Plans and their steps."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from holdfast.api.resources.documenting import ANY, ONE, READING, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.measuring import WithEta, measured, progress_of
from holdfast.api.resources.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.plans import ListedPlan, NewPlan, PlanStep, WholePlan
from holdfast.api.resources.shapes.progress import Eta
from holdfast.api.resources.writing import Done, Writing
from holdfast.model.states import PlanStatus
from holdfast.progress import of_plans

router = resource("/api/v1/plans", tag="plans")


@router.get("", responses=ANY)
async def list_plans(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: PlanStatus | None = None,
    directive_id: UUID | None = None,
    eta: WithEta = False,
) -> Page[ListedPlan]:
    """Plans, newest first."""
    [before] = place(after, UUID)
    rows = await reading.rows("list_plans", before, limit + 1, status, directive_id)
    page = page_of(rows, limit, ListedPlan, lambda row: [row["id"]])
    return await measured(reading, page, of_plans) if eta else page


@router.post("", status_code=201, responses=WRITING)
async def create_plan(writing: Writing, given: NewPlan) -> Done:
    """Make a plan, with its directive and the supervisor that will run it; needs the role agent."""
    steps = [step.model_dump(mode="json", exclude_none=True) for step in given.steps]
    return await writing.make(
        "create_plan", name=given.name, steps=steps, spec=given.spec, sd_key=given.sd_key
    )


@router.get("/{plan_id}/progress", responses=READING)
async def get_plan_progress(reading: Reading, plan_id: UUID) -> Eta:
    """How far it is, and how long it will take."""
    row = await reading.one("one_plan", "plan", plan_id)
    return await progress_of(reading, of_plans, row["id"])


@router.get("/{plan_id}", response_model=WholePlan, responses=ONE)
async def get_plan(reading: Reading, plan_id: UUID, if_none_match: IfNoneMatch = None) -> Response:
    """One plan."""
    row = await reading.one("one_plan", "plan", plan_id)
    return tagged(WholePlan.model_validate(dict(row)), row["seq"], if_none_match)


@router.get("/{plan_id}/steps", responses=READING)
async def list_plan_steps(
    reading: Reading,
    plan_id: UUID,
    rounds: Annotated[
        bool, Query(description="Every round of each step, not only the newest.")
    ] = False,
) -> Page[PlanStep]:
    """The steps of a plan in its order, with their gates and evidence."""
    await reading.one("one_plan", "plan", plan_id)
    rows = await reading.rows("list_plan_steps", plan_id, rounds)
    return Page(items=[PlanStep.of(dict(row)) for row in rows])
