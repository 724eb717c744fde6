"""Making a plan in the database from what its file says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.plans.loading import checked
from holdfast.plans.spec import Plan, as_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class CreatedPlan:
    """What `create_plan` made."""

    id: UUID
    supervisor_id: UUID
    sd_key: str


async def create_plan(
    engine: Engine, venture_id: UUID, plan: Plan, *, cwd: Path, work_dir: Path
) -> CreatedPlan:
    """Make a plan that workers will run, with its directive and its supervisor.

    Args:
        engine: where.
        venture_id: in which venture.
        plan: what.
        cwd: the folder its commands start in.
        work_dir: the folder its steps keep their files in.
    """
    plan = checked(plan, cwd)
    told = as_json(plan)
    name, steps = told.pop("name"), told.pop("steps")
    spec = {"env": {}, **told, "cwd": str(cwd), "work_dir": str(work_dir)}
    row = await engine.call_row(
        "create_plan",
        name=name,
        steps=steps,
        spec=spec,
        venture_id=venture_id,
    )
    return CreatedPlan(id=row["id"], supervisor_id=row["supervisor_id"], sd_key=row["sd_key"])
