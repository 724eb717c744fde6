"""`AgentExecutionService`: executions for users who know the older system's names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import BY_SQLSTATE, InvalidValue
from holdfast.executions.reading import read_execution, read_history
from holdfast.executions.values import member
from holdfast.model.executions import Execution
from holdfast.model.states import ExecutionStatus, LogLevel


class AgentExecutionService:
    """Create, get, update, complete, fail, log and list executions that the caller tracks itself, without a lease."""

    def __init__(self, engine: Engine, venture_id: UUID) -> None:
        self._engine = engine
        self._venture_id = venture_id

    async def create(self, name: str, **values: Any) -> UUID:
        """Create a pending execution; `values` are `create_execution`'s: agent, role, input, total_steps, metadata."""
        created: UUID = await self._engine.call_value(
            "create_execution", name=name, **values, venture_id=self._venture_id
        )
        return created

    async def get(self, execution_id: UUID) -> Execution:
        """The execution with its log; raises `NotFound`."""
        return await read_execution(self._engine, self._venture_id, execution_id)

    async def update_status(
        self, execution_id: UUID, status: ExecutionStatus | str, *, error: str | None = None
    ) -> None:
        """Move an execution to a status; raises `IllegalMove` where that move is not drawn."""
        match member(ExecutionStatus, "status", status):
            case ExecutionStatus.RUNNING:
                await self._call("start_execution", execution_id)
            case ExecutionStatus.CANCELLED:
                await self._call("cancel_execution", execution_id, reason=error)
            case ExecutionStatus.COMPLETED | ExecutionStatus.FAILED as end:
                await self._call("finish_execution", execution_id, status=end, error=error)
            case ExecutionStatus.PENDING:
                raise InvalidValue(
                    "An execution is pending only when it is created.", hint="Create a new one."
                )

    async def complete(self, execution_id: UUID, result: Any = None) -> None:
        """End a running execution well."""
        await self._call("finish_execution", execution_id, status="completed", result=result)

    async def fail(self, execution_id: UUID, error: str) -> None:
        """End a running execution badly, with the reason."""
        await self._call("finish_execution", execution_id, status="failed", error=error)

    async def add_log(
        self,
        execution_id: UUID,
        message: str,
        *,
        level: LogLevel | str = LogLevel.INFO,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Append a line; it is durable when this returns."""
        refused = await self._engine.call(
            "append_logs",
            execution_ids=[execution_id],
            epochs=[None],
            tokens=[None],
            levels=[member(LogLevel, "level", level)],
            messages=[message],
            data=[data],
            venture_id=self._venture_id,
        )
        _raise_refusal(refused)

    async def history(self, *, limit: int = 50, before: UUID | None = None) -> list[Execution]:
        """Executions, newest first; `before` is the id at which the page before ended."""
        return await read_history(self._engine, self._venture_id, limit=limit, before=before)

    async def _call(self, function: str, execution_id: UUID, **values: Any) -> None:
        await self._engine.call(
            function, execution_id=execution_id, **values, venture_id=self._venture_id
        )


def _raise_refusal(refused: list[Any]) -> None:
    for row in refused:
        raise BY_SQLSTATE.get(row["code"], InvalidValue)(row["reason"])
