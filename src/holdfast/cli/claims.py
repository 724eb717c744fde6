"""`holdfast session claim | switch | release`: what a session holds."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Annotated, Any

import typer

from holdfast.cli._away import Journaled, journal_release, run_or_journal
from holdfast.cli._connection import JsonOption, VentureOption, run_async
from holdfast.cli._output import print_json, say, tell
from holdfast.cli._place import Place, ReasonOption, SessionOption, placed
from holdfast.errors import HoldfastError, InvalidValue, LeaseLost, NotFound
from holdfast.model.sessions import Claim, Mechanism
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.sync.keeping import cached, lease_of

ForceOption = Annotated[
    bool, typer.Option("--force", help="Take it even from a session that lives; needs --reason.")
]


def claim(
    key: Annotated[str, typer.Argument(help="The directive's key.")],
    *,
    force: ForceOption = False,
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Claim a directive: nobody else works on it until it is released."""
    _tell_claim(_claim("claim", key, _take_over(force, reason), session, venture), as_json)


def switch(
    key: Annotated[str, typer.Argument(help="The directive's key.")],
    *,
    force: ForceOption = False,
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Give back what the session holds and claim another directive, or do neither."""
    _tell_claim(_claim("switch", key, _take_over(force, reason), session, venture), as_json)


def release(
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Give back what the session holds."""

    async def work() -> dict[str, Any]:
        async with placed(venture) as place:
            mine = await place.session(session)
            held = mine.claim or await _reclaimed(place, mine)
            place.cache.require_writable()
            try:
                await place.sessions.release(
                    held.sd_key, epoch=held.epoch, token=held.token, reason=reason
                )
            except LeaseLost:
                with contextlib.suppress(HoldfastError):  # the loss is what is to be told
                    place.forget_claim(mine, held)
                raise
            place.forget_claim(mine, held)
            return {"session_id": mine.session_id, "released": held.sd_key}

    told = run_or_journal(work(), lambda away: journal_release(session, reason, away))
    if isinstance(told, Journaled):
        told.tell(as_json)
    else:
        tell(told, f"{told['released']} is released", as_json)


def _take_over(force: bool, reason: str | None) -> str | None:
    """The reason of a take-over; it and `--force` go together."""
    if force and not (reason and reason.strip()):
        raise InvalidValue(
            "--force takes a directive from another session; that needs a reason.",
            hint='Say why: --force --reason "…"',
        )
    if reason and not force:
        raise InvalidValue(
            "--reason says why a directive is taken from another session; it goes with --force.",
            hint="Leave it out, or add --force.",
        )
    return reason


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Claimed:
    """What came of a claim or a switch."""

    session_id: str
    claim: Claim
    lost: str | None
    """What the session believed to hold, and another had taken meanwhile."""


def _claim(
    verb: str, key: str, take_over_reason: str | None, session: str | None, venture: str | None
) -> _Claimed:
    async def work() -> _Claimed:
        async with placed(venture) as place:
            mine = await place.session(session)
            place.cache.require_writable()
            lease = lease_of(mine)
            # Who claims is alive, and what it claims must not outlive it.
            beat = await place.sessions.renew(lease)
            call = place.sessions.switch if verb == "switch" else place.sessions.claim
            try:
                made = await call(lease, key, take_over_reason=take_over_reason)
            except NotFound as error:
                if error.detail.get("sd_key") != key:
                    raise
                raise await place.directives.unknown(key) from error
            place.keep(mine, claim=cached(made))
            believed = mine.claim.sd_key if mine.claim else None
            lost = believed if believed not in (beat.sd_key, key) else None
            return _Claimed(session_id=mine.session_id, claim=made, lost=lost)

    return run_async(work())


def _tell_claim(told: _Claimed, as_json: bool) -> None:
    claim = told.claim
    if as_json:
        shown = {name: v for name, v in dataclasses.asdict(claim).items() if name != "token"}
        print_json({"session_id": told.session_id, **shown, "lost": told.lost})
        return
    if told.lost is not None:
        say(f"{told.lost} was lost before; stop what is under way there")
    if claim.released is not None:
        say(f"{claim.released} is released")
    how = ""
    if claim.mechanism in (Mechanism.EXPIRED, Mechanism.FORCED):
        how = f", taken over from {claim.taken_from} ({claim.mechanism.value})"
    until = f"{claim.expires_at:%H:%M:%S %Z}"
    say(f"{claim.sd_key} ({claim.phase.value}) is held by {told.session_id} until {until}{how}")


async def _reclaimed(place: Place, mine: CachedSession) -> CachedClaim:
    """What the session holds though the cache does not say so: its process died between the two. It gets a new token."""
    held = (await place.sessions.get(mine.session_id)).sd_key
    if held is None:
        raise NotFound(
            f"The session {mine.session_id} holds nothing.",
            hint="Claim something with: holdfast session claim KEY",
        )
    return cached(await place.sessions.claim(lease_of(mine), held))
