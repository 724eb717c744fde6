"""Stop: a session with auto-proceed on goes on with what is next, within its caps."""

from __future__ import annotations

import os

from holdfast.errors import NotFound
from holdfast.hooks.advice import next_told, pause_told
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.replies import GoOn, Notify, Pass, Reply
from holdfast.hooks.verification import run_verification
from holdfast.model.advancing import AdvanceOutcome, Continue, Evidence, Pause
from holdfast.model.directives import Directive, DirectivePhase
from holdfast.sessions.auto_proceed import AutoProceedService
from holdfast.sessions.proceeding import Proceeding, layers_of


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Advance, and say what to go on with; where the session pauses, the agent stops."""
    walks = AutoProceedService(desk.keeper.engine, desk.keeper.venture_id)
    proceeding = await walks.settings(desk.task.session_id, layers_of(desk.settings, os.environ))
    if not proceeding.auto_proceed:
        await desk.keeper.move("idle")
        return Pass()
    return await _advance(desk, walks, proceeding)


async def _advance(desk: Desk, walks: AutoProceedService, proceeding: Proceeding) -> Reply:
    claim = desk.keeper.claim
    held = await desk.keeper.directives.get(claim.sd_key) if claim else None
    is_asking = await _has_open_questions(desk)
    evidence = await run_verification(desk, held) if held and not is_asking else None
    advanced = await walks.advance(
        desk.keeper.lease,
        outcome=outcome_of(held, evidence, is_asking) if held else None,
        sd_key=claim.sd_key if claim else None,
        claim_epoch=claim.epoch if claim else None,
        evidence=evidence,
        reason=None,
        proceeding=proceeding,
        lease_seconds=desk.settings.hooks_lease_seconds,
    )
    match advanced:
        case Continue():
            desk.keeper.keep_claim(advanced.claim)
            return GoOn(next_told(advanced, claim.sd_key if claim else None, evidence))
        case Pause():
            return await _stop(desk, walks, advanced)


def outcome_of(
    held: Directive, evidence: Evidence | None, is_asking: bool = False
) -> AdvanceOutcome:
    """How it went with a directive, as far as anybody can tell when its agent stops.

    Its verification decides, where it has one; else its agent says by its phase that it is done.
    """
    if evidence is not None:
        return AdvanceOutcome.COMPLETED if evidence.passed else AdvanceOutcome.FAILED
    is_done = held.phase is DirectivePhase.COMPLETE and held.verification is None
    return AdvanceOutcome.COMPLETED if is_done and not is_asking else AdvanceOutcome.UNFINISHED


async def _has_open_questions(desk: Desk) -> bool:
    rows = await desk.keeper.engine.read(
        "session_questions", desk.keeper.venture_id, desk.task.session_id
    )
    return any(row["status"] == "open" for row in rows)


async def _stop(desk: Desk, walks: AutoProceedService, pause: Pause) -> Reply:
    if pause.sd_key is None:
        desk.keeper.drop_claim()
    await desk.keeper.move("idle")
    try:
        return Notify(pause_told(pause, await walks.summary(desk.task.session_id)))
    except NotFound:
        return Notify(pause_told(pause, None))
