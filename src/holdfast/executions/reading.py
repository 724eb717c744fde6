"""Executions as they stand in the database."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import NotFound
from holdfast.executions.values import require_limit
from holdfast.model.executions import Execution, LogLine
from holdfast.model.states import ExecutionStatus, LogLevel

_FIELDS = tuple(field.name for field in dataclasses.fields(Execution) if field.name != "logs")
MOST_LINES = 1000
MOST_ROWS = 1000


async def read_execution(engine: Engine, venture_id: UUID, execution_id: UUID) -> Execution:
    """One execution with the newest lines of its log."""
    rows = await engine.read("execution", venture_id, execution_id)
    if not rows:
        raise NotFound(
            f"There is no execution {execution_id}.", hint="Check the id and the venture."
        )
    lines = await engine.read("execution_logs", venture_id, execution_id, MOST_LINES)
    return dataclasses.replace(_execution(rows[0]), logs=tuple(_line(row) for row in lines))


async def read_history(
    engine: Engine, venture_id: UUID, *, limit: int, before: UUID | None
) -> list[Execution]:
    """Executions of a venture, newest first, without their logs."""
    rows = await engine.read("executions", venture_id, before, require_limit(limit, MOST_ROWS))
    return [_execution(row) for row in rows]


def _execution(row: Any) -> Execution:
    values = {name: row[name] for name in _FIELDS}
    values["status"] = ExecutionStatus(values["status"])
    return Execution(**values)


def _line(row: Any) -> LogLine:
    return LogLine(
        line=row["line"],
        time=row["time"],
        level=LogLevel(row["level"]),
        message=row["message"],
        data=row["data"],
    )
