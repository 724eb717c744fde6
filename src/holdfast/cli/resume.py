"""`holdfast resume`: come back to a session, and go on where it was."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime
from pathlib import Path

from holdfast.cli._answers import tell
from holdfast.cli._connection import JsonOption, VentureOption, run_async
from holdfast.cli._output import print_json, say
from holdfast.cli._place import Place, SessionOption, placed
from holdfast.cli.advancing import proceeding_of
from holdfast.errors import InvalidValue, NotFound
from holdfast.model.directives import DirectiveStatus
from holdfast.sessions import resuming
from holdfast.sessions.resuming import Resumed
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.sync.git import current_branch
from holdfast.sync.keeping import SESSION_VARIABLE, lease_of


def resume(
    session: SessionOption = None, as_json: JsonOption = False, venture: VentureOption = None
) -> None:
    """Come back to a session: claim again what it was at, and go on."""

    async def work() -> Resumed:
        async with placed(venture) as place:
            place.cache.require_writable()
            mine = await _alive(place, session or os.environ.get(SESSION_VARIABLE))
            found = await resuming.resume(
                lease_of(mine),
                sessions=place.sessions,
                directives=place.directives,
                auto_proceed=place.auto_proceed,
                proceeding=await proceeding_of(place, mine.session_id),
                remembered=mine.claim.sd_key if mine.claim else None,
            )
            place.keep(mine, claim=_cached(found))
            return found

    found = run_async(work())
    if as_json:
        print_json(_shown(found))
    else:
        _tell(found)


async def _alive(place: Place, named: str | None) -> CachedSession:
    """The session under a lease of ours: the one that lives here, or a new lease for the one that was lost."""
    known = _known(place, named)
    if known is not None and await place.sessions.live_among([lease_of(known)]):
        await place.sessions.renew(lease_of(known))
        return known
    session_id = named or (known.session_id if known else None)
    if session_id is None:
        raise NotFound("No session is known here.", hint="Start one with: holdfast session start")
    await place.sessions.get(session_id)  # one that never was is not to be started by a slip
    started = await place.sessions.start(session_id=session_id)
    new = CachedSession(
        session_id=session_id,
        venture_id=place.venture_id,
        epoch=started.lease.epoch,
        token=started.lease.token,
        claim=known.claim if known else None,
        branch=current_branch(Path.cwd()),
        updated_at=datetime.now(UTC),
    )
    place.keep(new, epoch=new.epoch, token=new.token)
    return new


def _known(place: Place, named: str | None) -> CachedSession | None:
    state = place.cache.read()
    if named is not None:
        return state.find(named, place.venture_id)
    mine = [one for one in state.sessions if one.venture_id == place.venture_id]
    if len(mine) > 1:
        names = ", ".join(one.session_id for one in mine)
        raise InvalidValue(
            f"{len(mine)} sessions are known here: {names}.",
            hint=f"Name one with --session or {SESSION_VARIABLE}.",
        )
    return mine[0] if mine else None


def _cached(found: Resumed) -> CachedClaim | None:
    claim = found.claim
    if claim is None:
        return None
    return CachedClaim(
        sd_key=claim.sd_key, epoch=claim.epoch, token=claim.token, phase=claim.phase.value
    )


def _shown(found: Resumed) -> dict[str, object]:
    claim = found.claim
    return {
        "session_id": found.session_id,
        "was_at": found.was_at.sd_key if found.was_at else None,
        "task": found.task,
        "sd_key": claim.sd_key if claim else None,
        "phase": claim.phase if claim else None,
        "expires_at": claim.expires_at if claim else None,
        "pause": dataclasses.asdict(found.pause) if found.pause else None,
    }


def _tell(found: Resumed) -> None:
    claim, was_at = found.claim, found.was_at
    if was_at is not None and was_at.status is not DirectiveStatus.ACTIVE:
        say(f"{was_at.sd_key} is {was_at.status.value}")
    if claim is not None:
        same = was_at is not None and was_at.sd_key == claim.sd_key
        task = f", {found.task}…" if same and found.task else ""
        say(f"Resuming: {claim.sd_key} {claim.phase.value} phase{task}")
    elif was_at is None:
        say(f"session {found.session_id} was at nothing; claim something with: holdfast session claim KEY")  # fmt: skip
    if found.pause is not None and claim is None:
        tell(found.pause)
