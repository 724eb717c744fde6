"""Waiting for executions and questions without missing the moment.

The waiter registers first and looks afterwards: what changes after the look wakes it, what changed before is seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.live.watch import Watch

_OPEN = frozenset({"pending", "running", "open"})
# The net under the wake-ups: even if one were lost, the state is looked at again.
LOOK_AGAIN_SECONDS = 5.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an execution or a question stands; `value` is the result or the answer."""

    id: UUID
    status: str
    value: Any
    error: str | None

    @property
    def is_settled(self) -> bool:
        """Whether waiting is over."""
        return self.status not in _OPEN


class Outcomes:
    """Reads and awaits outcomes in one venture."""

    def __init__(self, engine: Engine, watch: Watch, venture_id: UUID) -> None:
        self._engine = engine
        self._watch = watch
        self._venture_id = venture_id

    async def read(
        self, executions: Sequence[UUID], questions: Sequence[UUID]
    ) -> dict[UUID, Outcome]:
        """How they stand now; unknown ids are missing."""
        rows = await self._engine.read(
            "outcomes", self._venture_id, list(executions), list(questions)
        )
        return {
            row["id"]: Outcome(
                id=row["id"], status=row["status"], value=row["value"], error=row["error_message"]
            )
            for row in rows
        }

    async def wait_for_all(
        self, *, executions: Sequence[UUID] = (), questions: Sequence[UUID] = ()
    ) -> dict[UUID, Outcome]:
        """Wait until all are settled."""
        outcomes: dict[UUID, Outcome] = {}

        async def look() -> bool:
            nonlocal outcomes
            outcomes = await self.read(executions, questions)
            return all(outcome.is_settled for outcome in outcomes.values())

        await self.wait_until([*executions, *questions], look)
        return outcomes

    async def wait_until(
        self, ids: Sequence[UUID | str], look: Callable[[], Awaitable[bool]]
    ) -> None:
        """Look, and look again whenever one of `ids` changed, until `look` says yes."""
        async with self._watch.interest(ids) as wake:
            while not await look():
                await wake.wait(LOOK_AGAIN_SECONDS)
