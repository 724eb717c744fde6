"""`holdfast run-agent`: a session around any program, also one that knows nothing of Holdfast."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from holdfast import config
from holdfast.cli._agent_session import AgentSession, Wanted, say
from holdfast.cli._child import PASSED_ON, Child
from holdfast.cli._connection import VentureOption, run_async
from holdfast.cli._lease_watch import Ended, LeaseWatch, Lost
from holdfast.cli._place import placed
from holdfast.errors import InvalidValue, LeaseLost
from holdfast.sync.keeping import SESSION_VARIABLE

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
    wanted = Wanted(
        command=command,
        session_id=session_id,
        agent=agent or Path(command[0]).name,
        claim=claim,
        lease_seconds=settings.lease_seconds,
        venture=settings.venture,
    )
    raise typer.Exit(run_async(_run(wanted)))


async def _run(wanted: Wanted) -> int:
    async with placed(wanted.venture) as place:
        place.cache.require_writable()
        session = await AgentSession.begin(place, wanted)
        children: list[Child] = []
        # Before the program is there: it must not miss a signal.
        with _signals_passed_on(children):
            child = await _start(session, wanted)
            children.append(child)
            try:
                return await _accompany(session, child)
            finally:
                child.close()


async def _start(session: AgentSession, wanted: Wanted) -> Child:
    try:
        return Child(wanted.command, _environment(session, wanted))
    except OSError as error:
        await session.finish(interrupted_by="its program could not be started")
        raise InvalidValue(
            f"{wanted.command[0]} could not be started: {error.strerror or error}.",
            hint="Name a program after --, such as: holdfast run-agent -- make test",
        ) from error


def _environment(session: AgentSession, wanted: Wanted) -> Mapping[str, str]:
    named = {SESSION_VARIABLE: session.lease.session_id, "HOLDFAST_VENTURE": wanted.venture}
    return {**os.environ, **named}


async def _accompany(session: AgentSession, child: Child) -> int:
    """Wait for the program's end, or for the loss of its lease; gives the exit code."""
    async with _watching(session.watch) as watching:
        waiting = _waiting(child)
        try:
            while True:
                await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
                if watching.done():  # lost, or ended by the program itself, which goes on
                    _require_not_lost(watching.result(), session)
                    await asyncio.wait({waiting})
                code = waiting.result()
                if code is not None:
                    return await _conclude(session, code)
                waiting = _waiting(child)
                if child.has_terminal:
                    await _suspend(session, child)
        finally:
            await child.stop(waiting)


def _waiting(child: Child) -> asyncio.Task[int | None]:
    return asyncio.create_task(child.wait(), name="holdfast run-agent program")


@asynccontextmanager
async def _watching(watch: LeaseWatch) -> AsyncIterator[asyncio.Task[Lost | Ended]]:
    watching = asyncio.create_task(watch.run(), name="holdfast run-agent lease")
    try:
        yield watching
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _suspend(session: AgentSession, child: Child) -> None:
    """The program was stopped at the terminal: stop too, so that the shell comes back, and go on with it.

    Raises:
        LeaseLost: another has taken it meanwhile.
    """
    child.to_background()
    await session.declare_silence()
    os.kill(os.getpid(), signal.SIGSTOP)
    _require_not_lost(await session.watch.beat(is_heard=True), session)
    child.to_foreground()


def _require_not_lost(outcome: bool | Lost | Ended, session: AgentSession) -> None:
    if isinstance(outcome, Lost):
        raise LeaseLost(
            f"The program is stopped: {outcome.why}",
            hint=f"To go on with it later: {session.how_to_resume}",
        )


async def _conclude(session: AgentSession, code: int) -> int:
    """End the session if its program ended well; else leave it to whoever resumes it."""
    if code == 0:
        await session.finish()
        return 0
    reason = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
    await session.finish(interrupted_by=reason)
    say(f"{reason}; resume it with: {session.how_to_resume}")
    return code if code > 0 else _BY_SIGNAL - code


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
