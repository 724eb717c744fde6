"""Coming back to a session: what it was at, and whether it can go on with it."""

from __future__ import annotations

import dataclasses
from typing import Any

from holdfast.model.advancing import Advanced, Continue, Pause
from holdfast.model.directives import Directive, DirectiveStatus
from holdfast.model.sessions import Claim, Session, SessionLease
from holdfast.sessions.auto_proceed import AutoProceedService
from holdfast.sessions.directives import DirectiveService
from holdfast.sessions.proceeding import Proceeding
from holdfast.sessions.service import SessionService


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resumed:
    """Where a session goes on."""

    session_id: str
    was_at: Directive | None
    """What it was at, as it stands now."""
    task: str | None
    claim: Claim | None
    """What it has now; unset where it has nothing."""
    pause: Pause | None
    """Why it does not go on by itself, where it walks an orchestrator."""


async def resume(
    lease: SessionLease,
    *,
    sessions: SessionService,
    directives: DirectiveService,
    auto_proceed: AutoProceedService,
    proceeding: Proceeding,
    remembered: str | None = None,
) -> Resumed:
    """Claim again what the session was at, where that is free; else say what is next.

    Args:
        lease: the session's, which lives.
        sessions: of its venture.
        directives: of its venture.
        auto_proceed: of its venture.
        proceeding: the settings that hold for it.
        remembered: what the caller believes it was at; the database's word comes first.

    Raises:
        AlreadyClaimed: another session has it; the text says who, since when, until when.
        Blocked: something else has to be finished first.
        LeaseLost: the session's lease is over.
    """
    session = await sessions.get(lease.session_id)
    key = session.sd_key or _state(session).get("currentSd") or remembered
    was_at = await directives.get(key) if key else None
    claim = None
    if was_at is not None and was_at.status is DirectiveStatus.ACTIVE:
        claim = await sessions.claim(lease, was_at.sd_key)
    told = await _next(lease, auto_proceed, proceeding)
    task = _state(session).get("currentTask")
    return Resumed(
        session_id=lease.session_id,
        was_at=was_at,
        task=task if isinstance(task, str) and task else None,
        claim=told.claim if isinstance(told, Continue) else claim,
        pause=told if isinstance(told, Pause) else None,
    )


async def _next(
    lease: SessionLease, auto_proceed: AutoProceedService, proceeding: Proceeding
) -> Advanced | None:
    """What the walk says, where the session goes on by itself."""
    if not proceeding.auto_proceed:
        return None
    return await auto_proceed.advance(lease, proceeding=proceeding)


def _state(session: Session) -> dict[str, Any]:
    state = session.metadata.get("execution_state")
    return state if isinstance(state, dict) else {}
