"""Finishing a directive: its verification runs while the session's lease outlasts it."""

from __future__ import annotations

from pathlib import Path

from holdfast.model.advancing import Evidence
from holdfast.model.directives import Directive, DirectiveStatus
from holdfast.model.sessions import SessionLease
from holdfast.programs.process import how_it_ended
from holdfast.sessions.service import LEASE_SECONDS, SessionService
from holdfast.sessions.verifying import verify

SPARE_SECONDS = 60.0
"""For what comes after the verification."""


async def evidence_for(
    directive: Directive,
    *,
    sessions: SessionService,
    lease: SessionLease | None,
    cwd: Path,
    timeout_seconds: float,
) -> Evidence | None:
    """Run a directive's verification, passed or not; nothing where it has none, or where the end would be refused anyway.

    Args:
        directive: what is to be finished.
        sessions: of its venture.
        lease: of the session that has it; unset where nobody has it.
        cwd: where the verification runs.
        timeout_seconds: how long it may run.

    Raises:
        LeaseLost: the session's lease is over; nothing was run.
        HoldfastError: the verification could not be started.
    """
    in_vain = directive.status is not DirectiveStatus.ACTIVE or (directive.held_by and not lease)
    if directive.verification is None or in_vain:
        return None
    if lease is not None:
        lasting = max(LEASE_SECONDS, timeout_seconds + SPARE_SECONDS)
        await sessions.renew(lease, lease_seconds=lasting)
    return await verify(directive.verification, cwd=cwd, timeout_seconds=timeout_seconds)


def told(evidence: Evidence) -> str:
    """How a verification ended, in one line."""
    how = "ended at its time limit" if evidence.timed_out else how_it_ended(evidence.exit_code)
    return f"{evidence.command}: {how}"
