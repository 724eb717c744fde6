"""`holdfast session`: start a session, claim what it works on, and stay alive between commands."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._away import Journaled, journal_end, run_or_journal
from holdfast.cli._connection import JsonOption, VentureOption, run_async
from holdfast.cli._output import console, errors, print_json, print_warning, rows_table, say, tell
from holdfast.cli._place import Place, ReasonOption, SessionOption, placed
from holdfast.cli.advancing import advance, auto_proceed, proceeding_of, summary
from holdfast.cli.claims import claim, release, switch
from holdfast.errors import HoldfastError, LeaseLost
from holdfast.model.sessions import Beat, Session
from holdfast.sessions.proceeding import Proceeding
from holdfast.sync.cache import CachedSession
from holdfast.sync.git import read_work_tree
from holdfast.sync.keeping import SESSION_VARIABLE, lease_of
from holdfast.terminal.marks import state_text
from holdfast.terminal.words import ago

app = typer.Typer(help="Sessions: one run of one agent program.", no_args_is_help=True)


@app.command()
def start(
    agent: Annotated[
        str | None, typer.Option("--agent", help="The agent program: claude, codex, gemini, …")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="Resume this one; unset makes a new id.")
    ] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Start a session, or resume one whose lease is over."""

    async def work() -> dict[str, Any]:
        async with placed(venture) as place:
            place.cache.require_writable()
            problem = place.cache.read().problem
            if problem is not None:
                print_warning(f"{problem} It is put aside.")
            tree = read_work_tree(Path.cwd())
            branch = tree.branch
            about = {
                "branch": branch,
                "folder": str(Path.cwd()),
                "worktree": str(tree.folder) if tree.folder else None,
                "parent_pid": os.getppid(),
            }
            started = await place.sessions.start(session_id=id, agent=agent, metadata=about)
            lease = started.lease
            new = CachedSession(
                session_id=lease.session_id,
                venture_id=place.venture_id,
                epoch=lease.epoch,
                token=lease.token,
                claim=None,
                branch=branch,
                updated_at=datetime.now(UTC),
            )
            place.keep(new, epoch=lease.epoch, token=lease.token, branch=branch)
            for one in await place.differences(lease.session_id):
                errors.print(Text(one.line), soft_wrap=True)
            session = await place.sessions.get(lease.session_id)
            return dataclasses.asdict(session) | {"resumed": started.resumed}

    told = run_async(work())
    if as_json:
        print_json(told)
        return
    how = "resumed" if told["resumed"] else "started"
    say(f"session {told['session_id']} {how}, lease until {told['lease_expires_at']:%H:%M:%S %Z}")
    if told["sd_key"] is not None:
        say(f"It held {told['sd_key']}. Go on with: holdfast session claim {told['sd_key']}")
    say(f"export {SESSION_VARIABLE}={shlex.quote(told['session_id'])}")


@app.command()
def show(
    session: SessionOption = None, as_json: JsonOption = False, venture: VentureOption = None
) -> None:
    """Show a session: its state, its lease, what it holds."""

    async def work() -> tuple[Session, Proceeding]:
        async with placed(venture) as place:
            named = session or os.environ.get(SESSION_VARIABLE)
            found = await place.sessions.get(named or (await place.session(None)).session_id)
            return found, await proceeding_of(place, found.session_id)

    found, proceeding = run_async(work())
    if as_json:
        print_json(dataclasses.asdict(found) | {"proceeding": proceeding})
        return
    console.print(Text.assemble((found.session_id, "bold"), "  ", _state(found)))
    for name, value in (
        ("agent", found.agent),
        ("branch", found.metadata.get("branch")),
        ("started", ago(found.created_at) + " ago"),
        ("lease until", found.lease_expires_at),
        ("silent until", found.expected_silence_until),
        (
            "holds",
            found.sd_key and f"{found.sd_key} ({found.phase}) until {found.claim_expires_at}",
        ),
        ("auto-proceed", _decided(proceeding, "auto_proceed")),
        (
            "chaining",
            _decided(proceeding, "chain_orchestrators") if proceeding.auto_proceed else None,
        ),
        ("ended", found.ended_at),
        ("because", found.end_reason),
    ):
        if value:
            say(f"{name:<15}{value}")


@app.command("list")
def list_sessions(
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List the sessions that are not over."""

    async def work() -> list[Session]:
        async with placed(venture) as place:
            return await place.sessions.listed(everything=everything)

    found = run_async(work())
    if as_json:
        print_json(found)
        return
    if not found:
        console.print("No session. Start one with: holdfast session start", style="quiet")
        return
    table = rows_table("session", "agent", "state", "holds", "heard of", right=("heard of",))
    for one in found:
        table.add_row(
            Text(one.session_id),
            Text(one.agent or ""),
            _state(one),
            one.sd_key or "",
            ago(one.heartbeat_at),
        )
    console.print(table)


@app.command()
def end(
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """End a session; what it holds is given back."""

    async def work() -> dict[str, Any]:
        async with placed(venture) as place:
            mine = await place.session(session)
            place.cache.require_writable()
            await place.sessions.end(lease_of(mine), reason=reason)
            place.cache.update(mine.session_id, place.venture_id, lambda _: None)
            return {"session_id": mine.session_id, "state": "ended"}

    told = run_or_journal(work(), lambda away: journal_end(session, reason, away))
    if isinstance(told, Journaled):
        told.tell(as_json)
    else:
        tell(told, f"session {told['session_id']} ended", as_json)


@app.command()
def heartbeat(
    session: SessionOption = None, as_json: JsonOption = False, venture: VentureOption = None
) -> None:
    """Renew the lease of a session and of what it holds; a declared silence is over."""

    async def work() -> dict[str, Any]:
        async with placed(venture) as place:
            mine = await place.session(session)
            beat = await place.sessions.renew(lease_of(mine))
            await _require_claim_kept(place, mine, beat)
            return {"session_id": mine.session_id, **dataclasses.asdict(beat)}

    told = run_async(work())
    held = f" and of {told['sd_key']}" if told["claim_held"] else ""
    tell(
        told,
        f"the lease of {told['session_id']}{held} lasts until {told['expires_at']:%H:%M:%S %Z}",
        as_json,
    )


@app.command()
def silence(
    minutes: Annotated[float, typer.Argument(help="How long, at most 45.")],
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Declare that nothing will be heard of the session for a while, though it is well."""

    async def work() -> dict[str, Any]:
        async with placed(venture) as place:
            mine = await place.session(session)
            until = await place.sessions.declare_silence(
                lease_of(mine), minutes=minutes, reason=reason
            )
            return {"session_id": mine.session_id, "expected_silence_until": until}

    told = run_async(work())
    tell(
        told,
        f"session {told['session_id']} may be silent until {told['expected_silence_until']:%H:%M:%S %Z}",
        as_json,
    )


def _decided(proceeding: Proceeding, name: str) -> str:
    """A setting, and which source decided it."""
    return f"{'on' if getattr(proceeding, name) else 'off'} ({proceeding.sources[name]})"


async def _require_claim_kept(place: Place, mine: CachedSession, beat: Beat) -> None:
    """Say what became of a claim that the session believes to have."""
    held = mine.claim
    if held is None or (
        beat.claim_held and (beat.sd_key, beat.claim_epoch) == (held.sd_key, held.epoch)
    ):
        return
    with contextlib.suppress(HoldfastError):  # the loss is what is to be told
        place.forget_claim(mine, held)
    now = await place.directives.get(held.sd_key)
    if now.held_by is not None:
        whose = f"{now.held_by} holds it since {now.held_since}, until {now.held_until}"
    else:
        whose = f"nobody holds it; it is {now.status.value}"
    raise LeaseLost(
        f"The session {mine.session_id} lives, but has lost {held.sd_key}: {whose}.",
        hint=f"Stop that work; to go on{_with(beat)}: holdfast session claim {beat.sd_key or held.sd_key}",
    )


def _with(beat: Beat) -> str:
    """The database wins, out loud: what it says of a session whose process died before it heard of it."""
    return f" with {beat.sd_key}, which it holds" if beat.sd_key and beat.claim_held else ""


def _state(session: Session) -> Text:
    """The state as it is now: lost, also where no reaper has said so yet."""
    lives = session.is_live or session.ended_at is not None
    return state_text(session.state.value if lives else "lost", console)


app.command("claim")(claim)
app.command("switch")(switch)
app.command("release")(release)
app.command("advance")(advance)
app.command("auto-proceed")(auto_proceed)
app.command("summary")(summary)
