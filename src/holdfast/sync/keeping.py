"""What commands, tools and hooks change in the project's cache, whoever else writes it at the same time."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from holdfast.model.sessions import Claim, SessionLease
from holdfast.sync.cache import Cache, CachedClaim, CachedSession

SESSION_VARIABLE = "HOLDFAST_SESSION"
"""Names the session that commands, tools and hooks are of."""


def keep(cache: Cache, session: CachedSession, **changes: Any) -> None:
    """Change what the cache says of a session; a lease that is older than the kept one changes nothing."""

    def change(kept: CachedSession | None) -> CachedSession | None:
        if kept is not None and _is_older(session, changes.get("claim"), kept):
            return kept
        return dataclasses.replace(kept or session, **changes, updated_at=datetime.now(UTC))

    cache.update(session.session_id, session.venture_id, change)


def forget_claim(cache: Cache, session: CachedSession, held: CachedClaim) -> None:
    """The session does not hold that directive any more, under that claim."""

    def change(kept: CachedSession | None) -> CachedSession | None:
        if kept is None or kept.claim is None:
            return kept
        if (kept.claim.sd_key, kept.claim.epoch) != (held.sd_key, held.epoch):
            return kept
        return dataclasses.replace(kept, claim=None, updated_at=datetime.now(UTC))

    cache.update(session.session_id, session.venture_id, change)


def lease_of(session: CachedSession) -> SessionLease:
    """The lease that the cache keeps."""
    return SessionLease(session_id=session.session_id, epoch=session.epoch, token=session.token)


def cached(claim: Claim) -> CachedClaim:
    """A claim as the cache keeps it."""
    return CachedClaim(
        sd_key=claim.sd_key, epoch=claim.epoch, token=claim.token, phase=claim.phase.value
    )


def _is_older(session: CachedSession, claim: CachedClaim | None, kept: CachedSession) -> bool:
    """Whether another process has written what came later, of the session or of its claim."""
    if kept.epoch != session.epoch or claim is None or kept.claim is None:
        return kept.epoch > session.epoch
    return kept.claim.sd_key == claim.sd_key and kept.claim.epoch > claim.epoch
