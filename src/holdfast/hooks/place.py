"""Where a session is, kept in its metadata under the names of the older format."""

from __future__ import annotations

from datetime import UTC, datetime

from holdfast.hooks.desk import Desk


async def keep_place(desk: Desk, *, is_active: bool, task: str | None = None) -> None:
    """Keep which directive, phase and task the session is at."""
    claim = desk.keeper.claim
    state = {
        "currentSd": claim.sd_key if claim else None,
        "currentPhase": claim.phase if claim else None,
        "isActive": is_active,
        "wasInterrupted": False,
        "lastUpdatedAt": datetime.now(UTC).isoformat(),
    }
    if task is not None:
        state["currentTask"] = task
    await desk.keeper.save(execution_state=state)
