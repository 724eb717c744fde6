"""What the executions of one process write, coalesced."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.engine.coalesce import Coalescer, Written
from holdfast.model.leases import Lease

# A log line longer than the database takes is split, never cut.
MAX_MESSAGE_CHARACTERS = 16_000


class ExecutionWriter:
    """Logs, steps and saves of a venture's executions, each in calls shared by all of them."""

    def __init__(self, engine: Engine, venture_id: UUID) -> None:
        fence = ("execution_ids", "epochs", "tokens")
        self._logs = Coalescer(
            engine, "append_logs", (*fence, "levels", "messages", "data"), venture_id=venture_id
        )
        self._steps = Coalescer(
            engine,
            "record_steps",
            (*fence, "positions", "names", "statuses"),
            venture_id=venture_id,
        )
        self._saves = Coalescer(
            engine,
            "save_executions",
            (*fence, "activities", "completed", "totals"),
            venture_id=venture_id,
            one_per_key=True,
        )

    def log(
        self, lease: Lease, level: str, message: str, data: dict[str, Any] | None
    ) -> list[Written]:
        """Queue a line; a very long one becomes several."""
        size = MAX_MESSAGE_CHARACTERS
        # PostgreSQL's text has no NUL; what an agent prints may.
        message = message.replace("\0", "\N{REPLACEMENT CHARACTER}")
        parts = [message[i : i + size] for i in range(0, len(message), size)] or [""]
        return [
            self._logs.put(lease.id, lease.epoch, lease.token, level, part, data) for part in parts
        ]

    def step(self, lease: Lease, position: int, name: str, status: str) -> Written:
        """Queue a step's new state."""
        return self._steps.put(lease.id, lease.epoch, lease.token, position, name, status)

    def activity(self, lease: Lease, text: str) -> Written:
        """Queue what is being done; among the steps, since what is said last is what is shown."""
        return self._steps.put(lease.id, lease.epoch, lease.token, None, text, None)

    def save(
        self, lease: Lease, *, activity: str | None, completed: int | None, total: int | None
    ) -> Written:
        """Queue an execution's own numbers."""
        return self._saves.put(lease.id, lease.epoch, lease.token, activity, completed, total)
