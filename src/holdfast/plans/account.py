"""All that the database knows of one plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.progress import Progress, of_plans


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """A plan's rows."""

    plan: Any
    steps: Sequence[Any]
    """Every round of every step, with its evidence."""
    questions: Sequence[Any]
    restorations: Sequence[Any]
    todos: Mapping[tuple[str, int], Sequence[Any]]
    """By step and round."""
    progress: Progress | None


async def read_account(engine: Engine, venture_id: UUID, plan_id: UUID) -> Account:
    """Read it."""
    [plan] = await engine.read("plan", venture_id, plan_id)
    todos = await engine.read("plan_todos", venture_id, plan_id)
    return Account(
        plan=plan,
        steps=await engine.read("plan_rounds", venture_id, plan_id),
        questions=await engine.read("plan_questions", venture_id, plan_id),
        restorations=await engine.read("restorations", venture_id, plan["supervisor_id"]),
        todos={(row["step_key"], row["round"]): row["todos"] for row in todos},
        progress=(await of_plans(engine, venture_id, [plan_id])).get(plan_id),
    )
