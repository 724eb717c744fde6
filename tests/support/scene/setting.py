"""The whole scene."""

from __future__ import annotations

import dataclasses
from uuid import UUID

from tests.support.scene import crowd, directives, executions, plan, supervisor
from tests.support.scene.stage import Stage
from tests.support.sql import call_value, connected


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """What can be found in it."""

    venture_id: UUID
    plan_id: UUID
    supervisor_id: UUID
    under_way: UUID
    """The execution that is under way."""


async def set_scene(url: str, *, venture: str = "default", more_executions: int = 0) -> Scene:
    """Fill a venture of a migrated database; `more_executions` puts a crowd into the fleet."""
    async with connected(url) as connection:
        stage = Stage(connection, await call_value(connection, "open_venture", slug=venture))
        stories = [
            directives.tree, directives.auditor, directives.filler, directives.reader, directives.lost_one, directives.idle_one,
            executions.killed_three_times, executions.under_way, executions.without_a_worker, executions.failed,
            executions.cancelled, executions.pending, executions.nightly, plan.release, supervisor.harbours,
        ]  # fmt: skip
        await stage.play(
            [story(stage) for story in stories] + [crowd.crowd(stage, more_executions)]
        )
    return Scene(
        venture_id=stage.venture_id,
        plan_id=stage.met["plan"],
        supervisor_id=stage.met["supervisor"],
        under_way=stage.met["under way"],
    )
