"""What a command does while the database is away: what its session may write later goes to the journal."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from rich.text import Text

from holdfast.cli._connection import run_async
from holdfast.cli._output import console, print_json
from holdfast.errors import DatabaseUnavailable, EmbeddedServerFailed, HoldfastError, InvalidValue
from holdfast.model.directives import DirectivePhase, DirectiveStatus
from holdfast.sync import keeping
from holdfast.sync.cache import Cache, CachedClaim, CachedSession
from holdfast.sync.journal import Journal
from holdfast.sync.keeping import SESSION_VARIABLE

AWAY = (DatabaseUnavailable, EmbeddedServerFailed)

_Result = TypeVar("_Result")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Journaled:
    """What is on this machine's disk, and not in the database yet."""

    about: dict[str, Any]
    """What `--json` prints, besides that it is journaled."""
    text: str
    """What will be so."""

    def tell(self, as_json: bool) -> None:
        """Say so: it is not saved yet."""
        if as_json:
            print_json({**self.about, "journaled": True})
        else:
            console.print(Text(f"journaled: {self.text} once the database is back"), soft_wrap=True)


def run_or_journal(
    work: Coroutine[Any, Any, _Result], journal: Callable[[HoldfastError], Journaled]
) -> _Result | Journaled:
    """Run a command's work; with the database away, journal it, or refuse with the reason."""
    try:
        return run_async(work)
    except AWAY as error:
        return journal(error)


def journal_release(named: str | None, reason: str | None, away: HoldfastError) -> Journaled:
    """Journal that a session gives back what it holds."""
    mine = _session(named, away)
    if mine.claim is None:
        raise away
    with _written(mine, "release_directive", **_fence(mine.claim), reason=reason) as cache:
        keeping.forget_claim(cache, mine, mine.claim)
    about = {"session_id": mine.session_id, "released": mine.claim.sd_key}
    return Journaled(about=about, text=f"{mine.claim.sd_key} is released")


def journal_end(named: str | None, reason: str | None, away: HoldfastError) -> Journaled:
    """Journal that a session ends."""
    mine = _session(named, away)
    with _written(mine, "end_session", reason=reason) as cache:
        cache.update(mine.session_id, mine.venture_id, lambda _: None)
    about = {"session_id": mine.session_id, "state": "ended"}
    return Journaled(about=about, text=f"session {mine.session_id} ends")


def journal_move(
    key: str,
    to: DirectiveStatus | DirectivePhase,
    reason: str | None,
    named: str | None,
    away: HoldfastError,
) -> Journaled:
    """Journal a move of the directive that a session holds."""
    if to is DirectiveStatus.COMPLETED:
        raise HoldfastError(
            f"{key} cannot be completed while the database is away: only there it is known whether it has to be verified first.",
            hint="Complete it when the database is back; until then the session holds it.",
        ) from away
    mine = _session(named, away)
    if mine.claim is None or mine.claim.sd_key != key:
        raise away
    what = {"phase": to.value} if isinstance(to, DirectivePhase) else {"status": to.value}
    function = "move_directive_phase" if isinstance(to, DirectivePhase) else "move_directive"
    with _written(mine, function, **_fence(mine.claim), **what, reason=reason) as cache:
        if isinstance(to, DirectivePhase):
            keeping.keep(cache, mine, claim=dataclasses.replace(mine.claim, phase=to.value))
        else:
            keeping.forget_claim(cache, mine, mine.claim)
    return Journaled(about={"sd_key": key, **what}, text=f"{key} is {to.value}")


def _session(named: str | None, away: HoldfastError) -> CachedSession:
    """The session that the command is of; without the database nobody can say which of several lives."""
    known = Cache.of_project(Path.cwd()).read().sessions
    named = named or os.environ.get(SESSION_VARIABLE)
    match [one for one in known if named in (None, one.session_id)]:
        case [only]:
            return only
        case []:
            raise away
    raise InvalidValue(
        f"The database is away, and {len(known)} sessions are known here: {', '.join(one.session_id for one in known)}.",
        hint=f"Name one with --session or {SESSION_VARIABLE}.",
    ) from away


@contextlib.contextmanager
def _written(mine: CachedSession, function: str, **arguments: Any) -> Iterator[Cache]:
    """Journal a write; then the cache may say so too, and where it cannot, the journal counts."""
    Journal.of_project(Path.cwd()).write(mine, function, **arguments)
    with contextlib.suppress(HoldfastError):
        yield Cache.of_project(Path.cwd())


def _fence(claim: CachedClaim) -> dict[str, Any]:
    return {"sd_key": claim.sd_key, "epoch": claim.epoch, "token": claim.token}
