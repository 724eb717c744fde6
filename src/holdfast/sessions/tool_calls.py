"""What agents do through tools: each call once for its id, under the session's lease."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Calls, Row
from holdfast.model.interrupts import as_interrupt
from holdfast.model.sessions import SessionLease
from holdfast.model.states import QuestionStatus
from holdfast.model.tools import HeldWork, ToolOutcome

# As much as an agent reads through.
MOST_LISTED = 50


class ToolCallService:
    """The tool calls of one venture's sessions."""

    def __init__(self, engine: Calls, venture_id: UUID) -> None:
        self._engine = engine
        self._venture_id = venture_id

    async def call(
        self,
        lease: SessionLease,
        tool: str,
        arguments: dict[str, Any],
        *,
        key: str | None = None,
        believed_key: str | None = None,
        lease_seconds: float,
    ) -> ToolOutcome:
        """Do what a tool is for, unless it was done before under the same key.

        Args:
            lease: the session's.
            tool: its name.
            arguments: what it was given.
            key: the agent program's id of the call; unset means that it is not recorded.
            believed_key: the directive that the caller believes to hold.
            lease_seconds: how long a claim lasts that it makes.

        Raises:
            LeaseLost: the session's lease is over, or the directive that it believes to hold was lost.
            Conflict: the key is that of a call of another tool.
        """
        row = await self._engine.call_row(
            "call_tool",
            **lease.fence,
            tool=tool,
            arguments=arguments,
            key=key,
            believed_key=believed_key,
            lease_seconds=lease_seconds,
            venture_id=self._venture_id,
        )
        return ToolOutcome(result=row["result"], repeated=row["repeated"], held=_held(row))

    async def find(self, lease: SessionLease, tool: str, key: str) -> dict[str, Any] | None:
        """What a call gave that was made under a key before; unset if there was none."""
        found: dict[str, Any] | None = await self._engine.call_value(
            "find_tool_call", **lease.fence, tool=tool, key=key, venture_id=self._venture_id
        )
        return found

    async def context(
        self, lease: SessionLease, *, since: datetime | None = None
    ) -> dict[str, Any]:
        """Where the session is: what its agent must know to go on."""
        found: dict[str, Any] = await self._engine.call_value(
            "get_session_context", **lease.fence, since=since, venture_id=self._venture_id
        )
        return found

    async def inbox(self) -> list[dict[str, Any]]:
        """What waits for a person in the venture, the oldest first, under the names of AG-UI."""
        rows = await self._engine.read("questions", self._venture_id, True, False, None)
        return [as_interrupt(dict(row)) for row in rows[:MOST_LISTED]]

    async def deliver(self, lease: SessionLease, ticket: UUID) -> Row:
        """A question's status, its answer and who gave it; one that was answered counts as handed over."""
        return await self._engine.call_row(
            "deliver_answer",
            question_id=ticket,
            epoch=lease.epoch,
            token=lease.token,
            venture_id=self._venture_id,
        )


def is_settled(status: str) -> bool:
    """Whether nothing more is to be waited for.

    >>> is_settled("open"), is_settled("delivered")
    (False, True)
    """
    return status != QuestionStatus.OPEN


def _held(row: Row) -> HeldWork | None:
    if row["sd_key"] is None:
        return None
    return HeldWork(
        sd_key=row["sd_key"],
        phase=row["phase"],
        epoch=row["claim_epoch"],
        token=row["claim_token"],
    )
