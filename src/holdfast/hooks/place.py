"""What a session is at, kept in its metadata under the names of the older format; the directive keeps the database itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from holdfast.hooks.desk import Desk


async def keep_place(desk: Desk, *, is_active: bool = True, task: str | None = None) -> None:
    """Keep whether the session is at work, and at which task."""
    state: dict[str, Any] = {
        "isActive": is_active,
        "lastUpdatedAt": datetime.now(UTC).isoformat(),
    }
    if task is not None:
        state["currentTask"] = task
    await desk.keeper.write("save_session", metadata={"execution_state": state})
