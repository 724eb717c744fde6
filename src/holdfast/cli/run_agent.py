"""`holdfast run-agent`: a session around any program, also one that knows nothing of Holdfast."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import shlex
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from holdfast import config
from holdfast.cli._child import PASSED_ON, Child
from holdfast.cli._connection import VentureOption, run_async
from holdfast.cli._lease_watch import Ended, LeaseWatch, Lost
from holdfast.cli._output import errors
from holdfast.cli._place import Place, placed
from holdfast.errors import HoldfastError, InvalidValue, LeaseLost, NotFound, Refused
from holdfast.model.sessions import SessionLease
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.sync.git import current_branch

_SUSPENDED_MINUTES = 45.0
_BY_SIGNAL = 128


def run_agent(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments, after --.")],
    *,
    session_id: Annotated[
        str | None, typer.Option("--session-id", help="Resume this session; unset makes a new one.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", help="What it is called; unset means the program.")
    ] = None,
    claim: Annotated[
        str | None, typer.Option("--claim", metavar="KEY", help="The directive it works on.")
    ] = None,
    lease_seconds: Annotated[
        float | None, typer.Option("--lease-seconds", help="How long its lease lasts unheard of.")
    ] = None,
    venture: VentureOption = None,
) -> None:
    """Run a program in a session that lives as long as it does; it is stopped when the session's lease is lost."""
    settings = config.load(venture=venture, lease_seconds=lease_seconds)
    wanted = _Wanted(
        command=command,
        session_id=session_id,
        agent=agent or Path(command[0]).name,
        claim=claim,
        lease_seconds=settings.lease_seconds,
        venture=settings.venture,
    )
    raise typer.Exit(run_async(_run(wanted)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What the command line says."""

    command: Sequence[str]
    session_id: str | None
    agent: str
    claim: str | None
    lease_seconds: float
    venture: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Begun:
    """The session around the program."""

    lease: SessionLease
    kept: CachedSession
    watch: LeaseWatch


async def _run(wanted: _Wanted) -> int:
    async with placed(wanted.venture) as place:
        place.cache.require_writable()
        begun = await _begin(place, wanted)
        children: list[Child] = []
        # Before the program is there: it must not miss a signal.
        with _signals_passed_on(children):
            child = await _start(place, begun, wanted)
            children.append(child)
            try:
                return await _accompany(place, begun, child)
            finally:
                child.close()


async def _start(place: Place, begun: _Begun, wanted: _Wanted) -> Child:
    try:
        return Child(wanted.command, _environment(wanted, begun))
    except OSError as error:
        await _finish(place, begun, "its program could not be started")
        raise InvalidValue(
            f"{wanted.command[0]} could not be started: {error.strerror or error}.",
            hint="Name a program after --, such as: holdfast run-agent -- make test",
        ) from error


async def _begin(place: Place, wanted: _Wanted) -> _Begun:
    """Start the session, or resume it with what it held."""
    started_at = time.monotonic()
    branch = current_branch(Path.cwd())
    started = await place.sessions.start(
        session_id=wanted.session_id,
        agent=wanted.agent,
        metadata={"branch": branch, "folder": str(Path.cwd()), "command": list(wanted.command)},
        reopen=wanted.session_id is not None,
        lease_seconds=wanted.lease_seconds,
    )
    lease = started.lease
    kept = CachedSession(
        session_id=lease.session_id,
        venture_id=place.venture_id,
        epoch=lease.epoch,
        token=lease.token,
        claim=None,
        branch=branch,
        updated_at=datetime.now(UTC),
    )
    place.keep(kept, epoch=lease.epoch, token=lease.token, branch=branch)
    watch = LeaseWatch(
        place, kept, lease, lease_seconds=wanted.lease_seconds, started_at=started_at
    )
    begun = _Begun(lease=lease, kept=kept, watch=watch)
    try:
        held = await _claim(place, begun, wanted)
    except Refused:
        await _finish(place, begun, "what it was to work on was refused")
        raise
    how = "resumed" if started.resumed else "started"
    _say(f"session {lease.session_id} {how}{f', holds {held}' if held else ''}")
    return begun


async def _claim(place: Place, begun: _Begun, wanted: _Wanted) -> str | None:
    """Claim what the command line names, else what the session held before; gives its key."""
    before = (await place.sessions.get(begun.lease.session_id)).sd_key
    key = wanted.claim or before
    if key is None:
        return None
    switches = before not in (None, key)
    call = place.sessions.switch if switches else place.sessions.claim
    try:
        made = await call(begun.lease, key, lease_seconds=wanted.lease_seconds)
    except NotFound as error:
        raise await place.directives.unknown(key) from error
    except Refused as refusal:
        if wanted.claim is not None:
            raise
        _say(f"It held {key}, which is not to be had now: {refusal.message}")
        return None
    place.keep(begun.kept, claim=CachedClaim.of(made))
    return key


async def _accompany(place: Place, begun: _Begun, child: Child) -> int:
    """Wait for the program's end, or for the loss of its lease; gives the exit code."""
    async with _watching(begun.watch) as watching:
        waiting = asyncio.create_task(child.wait(), name="holdfast run-agent program")
        try:
            while True:
                await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
                if watching.done() and isinstance(lost := watching.result(), Lost):
                    raise _told(lost, begun)
                if not waiting.done():  # the program has ended its session itself, and goes on
                    await asyncio.wait({waiting})
                code = waiting.result()
                if code is not None:
                    return await _conclude(place, begun, code)
                waiting = asyncio.create_task(child.wait(), name="holdfast run-agent program")
                if child.has_terminal:
                    await _suspend(place, begun, child)
        finally:
            await child.stop(waiting)


@asynccontextmanager
async def _watching(watch: LeaseWatch) -> AsyncIterator[asyncio.Task[Lost | Ended]]:
    watching = asyncio.create_task(watch.run(), name="holdfast run-agent lease")
    try:
        yield watching
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _suspend(place: Place, begun: _Begun, child: Child) -> None:
    """The program was stopped at the terminal: stop too, so that the shell comes back, and go on with it.

    Raises:
        LeaseLost: another has taken it meanwhile.
    """
    child.to_background()
    with contextlib.suppress(HoldfastError, OSError):
        await place.sessions.declare_silence(
            begun.lease, minutes=_SUSPENDED_MINUTES, reason="stopped at the terminal"
        )
    os.kill(os.getpid(), signal.SIGSTOP)
    outcome = await begun.watch.beat(is_heard=True)
    if isinstance(outcome, Lost):
        raise _told(outcome, begun)
    child.to_foreground()


async def _conclude(place: Place, begun: _Begun, code: int) -> int:
    """End the session if its program ended well; else leave it to whoever resumes it."""
    if code == 0:
        await _finish(place, begun, None)
        return 0
    reason = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
    await _finish(place, begun, reason)
    _say(f"{reason}; resume it with: {_resume(begun)}")
    return code if code > 0 else _BY_SIGNAL - code


async def _finish(place: Place, begun: _Begun, interrupted_by: str | None) -> None:
    """Give the lease back; what cannot be told now is told by the lease's end."""
    try:
        if interrupted_by is None:
            await place.sessions.end(begun.lease, reason="its program ended")
        else:
            await place.sessions.interrupt(begun.lease, reason=interrupted_by)
    except Refused:  # it was ended, or taken
        pass
    except (HoldfastError, OSError) as error:
        _say(f"The database is away ({error}); the session's lease runs out by itself.")
    with contextlib.suppress(HoldfastError):
        place.cache.update(begun.lease.session_id, place.venture_id, lambda _: None)


def _told(lost: Lost, begun: _Begun) -> LeaseLost:
    return LeaseLost(
        f"The program is stopped: {lost.why}", hint=f"To go on with it later: {_resume(begun)}"
    )


def _resume(begun: _Begun) -> str:
    return f"holdfast run-agent --session-id {shlex.quote(begun.lease.session_id)} -- …"


def _environment(wanted: _Wanted, begun: _Begun) -> Mapping[str, str]:
    return {
        **os.environ,
        "HOLDFAST_SESSION": begun.lease.session_id,
        "HOLDFAST_VENTURE": wanted.venture,
    }


@contextmanager
def _signals_passed_on(children: Sequence[Child]) -> Iterator[None]:
    def pass_on(number: signal.Signals) -> None:
        for child in children:
            child.pass_on(number)

    loop = asyncio.get_running_loop()
    for number in PASSED_ON:
        loop.add_signal_handler(number, pass_on, number)
    try:
        yield
    finally:
        for number in PASSED_ON:
            loop.remove_signal_handler(number)


def _say(text: str) -> None:
    """On standard error: standard output is the program's."""
    errors.print(Text(f"holdfast: {text}", style="quiet"), soft_wrap=True)
