"""What an execution consists of: its steps, its log, its metrics."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from holdfast.api.resources.documenting import READING, resource
from holdfast.api.resources.paging import DEFAULT_LIMIT, After, Limit, Page, Search, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.executions import ExecutionStep, LogLine, Metrics
from holdfast.model.states import LogLevel

router = resource("/api/v1/executions/{execution_id}", tag="executions")

_NOTHING: dict[str, Any] = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cost_usd": 0,
    "model_calls": 0,
    "tool_calls": 0,
    "duration_ms": None,
    "metadata": {},
    "updated_at": None,
}


class Order(StrEnum):
    """Which lines of a log come first."""

    NEWEST = "newest"
    OLDEST = "oldest"


@router.get("/steps", responses=READING)
async def list_steps(
    reading: Reading, execution_id: UUID, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[ExecutionStep]:
    """Its steps, in their order."""
    await reading.one("one_execution", "execution", execution_id)
    [position] = place(after, int)
    rows = await reading.rows("list_execution_steps", execution_id, position or 0, limit + 1)
    return page_of(rows, limit, ExecutionStep, lambda row: [row["position"]])


@router.get("/logs", responses=READING)
async def list_logs(
    reading: Reading,
    execution_id: UUID,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[
        int | None, Query(ge=0, le=2**63 - 1, description="The line after which the page begins.")
    ] = None,
    order: Annotated[Order, Query(description="Which lines come first.")] = Order.NEWEST,
    level: Annotated[LogLevel | None, Query(description="The least level.")] = None,
    q: Search = None,
) -> Page[LogLine]:
    """Lines of its log, the newest first, or the oldest first; `q` is a part of the message."""
    await reading.one("one_execution", "execution", execution_id)
    query = "list_logs" if order is Order.OLDEST else "list_logs_back"
    rows = await reading.rows(query, execution_id, after, limit + 1, level, q)
    shown = rows[:limit]
    follows = str(shown[-1]["line"]) if len(rows) > limit else None
    return Page(items=[LogLine.model_validate(dict(row)) for row in shown], next=follows)


@router.get("/metrics", responses=READING)
async def get_metrics(reading: Reading, execution_id: UUID) -> Metrics:
    """What it cost so far."""
    await reading.one("one_execution", "execution", execution_id)
    rows = await reading.rows("execution_metrics", execution_id)
    return Metrics.model_validate(dict(rows[0]) if rows else _NOTHING)
