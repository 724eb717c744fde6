"""`holdfast directive`: what there is to do, as a list, as a tree, and one by one."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._away import Journaled, journal_move, run_or_journal
from holdfast.cli._connection import JsonOption, VentureOption, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.cli._place import Place, ReasonOption, SessionOption, placed
from holdfast.cli._verification import require_passed
from holdfast.cli.flags import flag, unflag
from holdfast.errors import InvalidValue, NotFound
from holdfast.model.directives import (
    DEFAULT_PRIORITY,
    Directive,
    DirectivePhase,
    DirectiveStatus,
)
from holdfast.sessions.importing import load_directives
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.terminal.marks import state_text

app = typer.Typer(help="Directives: what there is to do.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(help="The directive's key.")]


@app.command()
def add(
    key: KeyArgument,
    title: Annotated[str, typer.Argument(help="What is to be done, in a few words.")],
    *,
    parent: Annotated[
        str | None, typer.Option("--parent", help="The key of the one above.")
    ] = None,
    description: Annotated[str | None, typer.Option("--description", help="More words.")] = None,
    priority: Annotated[int, typer.Option("--priority", help="Lower first.")] = DEFAULT_PRIORITY,
    verify: Annotated[
        str | None, typer.Option("--verify", help="The command that shows it is done.")
    ] = None,
    needs: Annotated[
        list[str] | None, typer.Option("--needs", help="What comes before; more than once.")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Not to be claimed yet.")] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Add a directive."""

    async def work() -> Directive:
        async with placed(venture) as place:
            await place.directives.add(
                key,
                title,
                parent_key=parent,
                description=description,
                status=DirectiveStatus.DRAFT if draft else DirectiveStatus.ACTIVE,
                priority=priority,
                verification=verify,
                needs=needs or [],
            )
            return await place.directives.get(key)

    _tell(run_async(work()), as_json)


@app.command("list")
def list_directives(
    status: Annotated[
        DirectiveStatus | None,
        typer.Option("--status", help="Unset means all that are not over."),
    ] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List directives by priority, then age."""

    async def work() -> list[Directive]:
        async with placed(venture) as place:
            return await place.directives.listed(status=status)

    _print_rows(run_async(work()), as_json)


@app.command()
def tree(
    key: Annotated[str | None, typer.Argument(help="The root; unset means every tree.")] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Show directives with what is below them."""

    async def work() -> list[Directive]:
        async with placed(venture) as place:
            return await place.directives.tree(key)

    _print_rows(run_async(work()), as_json)


@app.command()
def show(key: KeyArgument, as_json: JsonOption = False, venture: VentureOption = None) -> None:
    """Show one directive, who holds it and what it waits for."""

    async def work() -> list[Directive]:
        async with placed(venture) as place:
            return await place.directives.tree(key)

    one, *below = run_async(work())
    children = [child.sd_key for child in below if child.parent_key == one.sd_key]
    if as_json:
        print_json(dataclasses.asdict(one) | {"children": children})
        return
    console.print(
        Text.assemble((one.sd_key, "bold"), "  ", state_text(one.status.value, console), f"  {one.phase.value}")
    )  # fmt: skip
    held = one.held_by and f"{one.held_by} since {one.held_since}, until {one.held_until}"
    for name, value in (
        ("title", one.title),
        ("description", one.description),
        ("parent", one.parent_key),
        ("priority", one.priority),
        ("verify", one.verification),
        ("blocked by", one.blocked_reason),
        ("needs", ", ".join(one.needs)),
        ("waits for", ", ".join(one.waits_for)),
        ("children", ", ".join(children)),
        ("held by", held),
        ("ended", one.ended_at),
    ):
        if value not in (None, ""):
            console.print(Text(f"{name:<13}{value}"), soft_wrap=True)


@app.command()
def move(
    key: KeyArgument,
    to: Annotated[
        str,
        typer.Argument(help="A status (active, cancelled, …) or a phase (LEAD, PLAN, EXEC, …)."),
    ],
    *,
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Move a directive to a status or a phase; going back needs a reason."""
    _tell(_move(key, _target(to), reason, session, venture), as_json)


@app.command()
def block(
    key: KeyArgument,
    reason: Annotated[str, typer.Option("--reason", help="By what.")],
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Say that a directive cannot go on, and why; nobody holds it then."""
    _tell(_move(key, DirectiveStatus.BLOCKED, reason, session, venture), as_json)


@app.command()
def complete(
    key: KeyArgument,
    *,
    unverified: Annotated[
        bool,
        typer.Option(
            "--unverified", help="Without its verification: for operators; needs --reason."
        ),
    ] = False,
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Say that a directive is done, once its verification has run and passed; nobody holds it then."""
    if unverified and not (reason and reason.strip()):
        raise InvalidValue(
            "--unverified completes a directive without its verification; that needs a reason.",
            hint='Say why: --unverified --reason "…"',
        )
    done = _move(key, DirectiveStatus.COMPLETED, reason, session, venture, unverified=unverified)
    _tell(done, as_json)


@app.command("import")
def import_tree(
    file: Annotated[Path, typer.Argument(help="A YAML file with a tree of directives.")],
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Add the directives of a file; those that are there already stay as they are."""
    directives = load_directives(file)

    async def work() -> dict[str, str]:
        async with placed(venture) as place:
            return await place.directives.add_tree(directives)

    outcomes = run_async(work())
    created = [key for key, outcome in outcomes.items() if outcome == "created"]
    unchanged = [key for key, outcome in outcomes.items() if outcome == "unchanged"]
    if as_json:
        print_json({"created": created, "unchanged": unchanged})
        return
    for key, outcome in outcomes.items():
        console.print(f"{outcome:<11}{key}", style="" if outcome == "created" else "quiet")
    console.print(f"{len(created)} created, {len(unchanged)} unchanged")


def _target(text: str) -> DirectiveStatus | DirectivePhase:
    """What a directive is to be moved to, as a person typed it."""
    known = [one.value for kind in (DirectiveStatus, DirectivePhase) for one in kind]
    if text.lower() in known:
        return DirectiveStatus(text.lower())
    if text.upper() in known:
        return DirectivePhase(text.upper())
    near = difflib.get_close_matches(text, known, n=1)
    raise InvalidValue(
        f"{text} is no status and no phase of a directive.",
        hint=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.",
    )


def _move(
    key: str,
    to: DirectiveStatus | DirectivePhase,
    reason: str | None,
    session: str | None,
    venture: str | None,
    *,
    unverified: bool = False,
) -> Directive | Journaled:
    async def work() -> Directive:
        async with placed(venture) as place:
            mine = await _holder(place, key, session)
            done = await _done(place, key, to, mine, unverified=unverified)
            if mine is None:
                await _moved(place, key, to, reason, None, **done)
            else:
                session_, held = mine
                place.cache.require_writable()
                await _moved(place, key, to, reason, held, **done)
                if isinstance(to, DirectivePhase):
                    place.keep(session_, claim=dataclasses.replace(held, phase=to.value))
                elif to is not DirectiveStatus.ACTIVE:
                    place.forget_claim(session_, held)
            return await place.directives.get(key)

    return run_or_journal(work(), lambda away: journal_move(key, to, reason, session, away))


async def _moved(
    place: Place,
    key: str,
    to: DirectiveStatus | DirectivePhase,
    reason: str | None,
    held: CachedClaim | None,
    **done: Any,
) -> None:
    fence: dict[str, Any] = {"epoch": held.epoch, "token": held.token} if held else {}
    if isinstance(to, DirectivePhase):
        await place.directives.move_phase(key, to, reason=reason, **fence)
    else:
        await place.directives.move(key, to, reason=reason, **fence, **done)


async def _done(
    place: Place,
    key: str,
    to: DirectiveStatus | DirectivePhase,
    mine: tuple[CachedSession, CachedClaim] | None,
    *,
    unverified: bool,
) -> dict[str, Any]:
    """What shows that a directive is done; its verification runs here and now."""
    if to is not DirectiveStatus.COMPLETED:
        return {}
    if unverified:
        return {"unverified": True}
    return {"evidence": await require_passed(place, key, mine[0] if mine else None)}


async def _holder(
    place: Place, key: str, named: str | None
) -> tuple[CachedSession, CachedClaim] | None:
    """The session that the command is of, if it holds the directive. A person needs none, as long as nobody holds it."""
    try:
        mine = await place.session(named)
    except (NotFound, InvalidValue):
        if named is not None:
            raise
        return None
    return (mine, mine.claim) if mine.claim and mine.claim.sd_key == key else None


def _tell(one: Directive | Journaled, as_json: bool) -> None:
    if isinstance(one, Journaled):
        one.tell(as_json)
        return
    if as_json:
        print_json(one)
        return
    held = f", held by {one.held_by}" if one.held_by else ""
    console.print(
        Text(f"{one.sd_key} is {one.status.value} in {one.phase.value}{held}"), soft_wrap=True
    )


def _print_rows(found: list[Directive], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if not found:
        console.print(
            'No directive. Add one with: holdfast directive add KEY "TITLE"', style="quiet"
        )
        return
    table = rows_table(
        "directive", "state", "phase", "priority", "done", "title", "held by", right=("priority",)
    )
    for one in found:
        done = f"{one.completed_children}/{one.total_children}" if one.total_children else ""
        table.add_row(
            Text("  " * one.depth + one.sd_key),
            state_text(one.status.value, console),
            one.phase.value,
            str(one.priority),
            done,
            Text(one.title),
            Text(one.held_by or (f"waits for {', '.join(one.waits_for)}" if one.waits_for else "")),
        )
    console.print(table)


app.command("flag")(flag)
app.command("unflag")(unflag)
