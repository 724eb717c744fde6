"""A session that goes on by itself: each step is one call, which says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine, Row
from holdfast.model.advancing import (
    Advanced,
    AdvanceOutcome,
    Chain,
    Continue,
    Evidence,
    Obstacle,
    Pause,
    PauseReason,
)
from holdfast.model.directives import DirectivePhase
from holdfast.model.sessions import Claim, Mechanism, SessionLease
from holdfast.sessions.proceeding import Proceeding, Source, resolve
from holdfast.sessions.service import LEASE_SECONDS


class AutoProceedService:
    """The walks of one venture's sessions through their orchestrators."""

    def __init__(self, engine: Engine, venture_id: UUID) -> None:
        self._engine = engine
        self._venture_id = venture_id

    async def start(
        self,
        lease: SessionLease,
        orchestrator_key: str | None = None,
        *,
        proceeding: Proceeding | None = None,
        keep: Mapping[str, bool | int] | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Advanced:
        """Turn auto-proceed on and take the first directive; what the session has comes before it.

        Args:
            lease: the session's.
            orchestrator_key: whose children are walked; unset means the one that the session has a part of, else the next.
            proceeding: the settings; unset means those of the walk, else the defaults.
            keep: settings that the session's metadata keeps, for later calls.
            lease_seconds: how long the claim lasts without a heartbeat.

        Raises:
            NotFound: there is no such orchestrator, or none at all.
            LeaseLost: the session's lease is over.
        """
        told = {**_told(proceeding), "auto_proceed": True}
        await self._row(
            "start_auto_proceed",
            **lease.fence,
            orchestrator_key=orchestrator_key,
            settings=told,
            keep=dict(keep or {}),
        )
        return await self._advance(lease, settings=told, lease_seconds=lease_seconds)

    async def advance(
        self,
        lease: SessionLease,
        *,
        outcome: AdvanceOutcome | None = None,
        sd_key: str | None = None,
        claim_epoch: int | None = None,
        evidence: Evidence | None = None,
        reason: str | None = None,
        proceeding: Proceeding | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Advanced:
        """Say how it went with what the session has, and be told what is next.

        The same call after a lost answer counts once: it names the claim that it finishes.

        Args:
            lease: the session's.
            outcome: how it went; unset finishes nothing and says what to go on with.
            sd_key: the directive that the outcome is said of; only `unfinished` may go without.
            claim_epoch: the epoch of the claim on it.
            evidence: the run of its verification; one that did not pass makes `completed` a failed attempt.
            reason: why it failed or is blocked; `security: …` and `data loss: …` pause at once.
            proceeding: the settings; unset means those of the walk.
            lease_seconds: how long the claim lasts without a heartbeat.

        Raises:
            EvidenceMissing: it has a verification, and nothing shows that this passed.
            LeaseLost: the session's lease is over, or another has taken the directive.
            InvalidValue: a reason or a directive is missing.
        """
        if outcome is AdvanceOutcome.COMPLETED and evidence is not None and not evidence.passed:
            outcome = AdvanceOutcome.FAILED
        return await self._advance(
            lease,
            outcome=outcome,
            sd_key=sd_key,
            claim_epoch=claim_epoch,
            evidence=evidence.as_json if evidence else None,
            reason=reason,
            settings=_told(proceeding),
            lease_seconds=lease_seconds,
        )

    async def stop(self, lease: SessionLease) -> bool:
        """Turn auto-proceed off; what the session has it keeps. Gives whether a walk was under way."""
        return bool((await self._row("stop_auto_proceed", **lease.fence))[0])

    async def settings(
        self, session_id: str, given: Mapping[Source, Mapping[str, Any]] | None = None
    ) -> Proceeding:
        """What holds for a session: what the caller was given, then the session's metadata, the venture's settings, the defaults."""
        rows = await self._engine.read("proceeding", self._venture_id, session_id)
        said = {Source(row["source"]): row["settings"] or {} for row in rows}
        return resolve({**said, **(given or {})})

    async def summary(self, session_id: str) -> dict[str, Any]:
        """What the session's newest walk did: items with outcomes and times, and what went wrong.

        Raises:
            NotFound: it has walked nothing.
        """
        row = await self._row("get_auto_proceed_summary", session_id=session_id)
        summary: dict[str, Any] = row[0]
        return summary

    async def _advance(self, lease: SessionLease, **arguments: Any) -> Advanced:
        return advanced(await self._row("advance", **lease.fence, **arguments))

    async def _row(self, function: str, /, **arguments: Any) -> Row:
        return await self._engine.call_row(function, **arguments, venture_id=self._venture_id)


def advanced(row: Row) -> Advanced:
    """What `advance` told, as a value."""
    if row["decision"] == "pause":
        return Pause(
            reason=PauseReason(row["pause_reason"]),
            text=row["why"],
            blocked=tuple(
                Obstacle(sd_key=one.get("sd_key"), kind=one["kind"], by=one["by"])
                for one in row["blocked"]
            ),
            sd_key=row["sd_key"],
            orchestrator_key=row["orchestrator_key"],
        )
    kind = Chain if row["decision"] == "chain" else Continue
    return kind(
        sd_key=row["sd_key"],
        title=row["title"],
        phase=DirectivePhase(row["phase"]),
        claim=_claim(row),
        orchestrator_key=row["orchestrator_key"],
        is_final=row["is_final"],
        failures=row["failures"],
        why=row["why"],
    )


def _claim(row: Row) -> Claim:
    return Claim(
        sd_key=row["sd_key"],
        epoch=row["epoch"],
        token=row["token"],
        phase=DirectivePhase(row["phase"]),
        expires_at=row["expires_at"],
        mechanism=Mechanism(row["mechanism"]),
        taken_from=row["taken_from"],
    )


def _told(proceeding: Proceeding | None) -> dict[str, bool | int]:
    return proceeding.values if proceeding else {}
