"""An execution as its worker plays it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.support.scene.stage import A_DAY_SECONDS, Stage


class Run:
    """One execution under a lease, or under another one after its worker died."""

    def __init__(self, stage: Stage, execution_id: UUID) -> None:
        self.stage = stage
        self.id = execution_id
        self.fence: dict[str, Any] = {}

    @classmethod
    async def create(cls, stage: Stage, name: str, **values: Any) -> Run:
        """An execution that waits for a worker; the kind is one that no worker of a test takes."""
        values = {"kind": "callable:scene", **values}
        return cls(stage, await stage.value("create_execution", name=name, **values))

    async def start(self, holder: str, *, lease_seconds: float = A_DAY_SECONDS) -> Run:
        row = await self.stage.row(
            "start_execution", execution_id=self.id, holder=holder, lease_seconds=lease_seconds
        )
        self.fence = {"epoch": row["epoch"], "token": row["token"]}
        return self

    async def take_up(
        self, kind: str, holder: str, *, lease_seconds: float = A_DAY_SECONDS
    ) -> None:
        """Another worker takes it, after the reaper has seen that the first one is dead."""
        await self.stage.call("reap")
        row = await self.stage.row(
            "claim_executions", holder=holder, kinds=[kind], lease_seconds=lease_seconds
        )
        assert row["id"] == self.id, "another execution was ready"
        self.fence = {"epoch": row["epoch"], "token": row["token"]}

    async def step(self, position: int, name: str, status: str = "running") -> None:
        await self._many("record_steps", positions=[position], names=[name], statuses=[status])

    async def log(self, *lines: str, level: str = "info") -> None:
        await self._many("append_logs", levels=[level] * len(lines), messages=list(lines))

    async def meter(self, tokens: int, *, cost: str = "0", tools: int = 1) -> None:
        await self.stage.call(
            "record_metrics",
            execution_id=self.id,
            input_tokens=tokens,
            output_tokens=tokens // 6,
            cost_usd=Decimal(cost),
            model_calls=1,
            tool_calls=tools,
            **self.fence,
        )

    async def finish(self, status: str = "completed", **outcome: Any) -> None:
        await self.stage.call(
            "finish_execution", execution_id=self.id, status=status, **outcome, **self.fence
        )

    async def _many(self, function: str, **columns: Sequence[Any]) -> None:
        many = len(next(iter(columns.values())))
        refused = await self.stage.call(
            function,
            execution_ids=[self.id] * many,
            epochs=[self.fence["epoch"]] * many,
            tokens=[self.fence["token"]] * many,
            **columns,
        )
        assert not refused, refused


def verified(command: str, output: str, exit_code: int, duration_ms: int) -> dict[str, Any]:
    """What the execution of a verification gives."""
    return {
        "command": command.split(),
        "exit_code": exit_code,
        "output_sha256": hashlib.sha256(output.encode()).hexdigest(),
        "output_tail": output,
        "duration_ms": duration_ms,
    }
