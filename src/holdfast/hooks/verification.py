"""The verification of what a session holds, run in its project while its lease outlasts it."""

from __future__ import annotations

from pathlib import Path

from holdfast.hooks.desk import Desk
from holdfast.model.advancing import Evidence
from holdfast.model.directives import Directive
from holdfast.sessions.finishing import evidence_for


async def run_verification(desk: Desk, directive: Directive) -> Evidence | None:
    """What its verification gave; nothing where it has none."""
    return await evidence_for(
        directive,
        sessions=desk.keeper.sessions,
        lease=desk.keeper.lease,
        cwd=Path(desk.task.project),
        timeout_seconds=desk.settings.verification_timeout_seconds,
    )
