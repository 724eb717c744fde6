"""`holdfast session advance`, `auto-proceed` and `summary`: a session that goes on by itself."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Any

import typer

from holdfast.cli._answers import keep_answer, print_summary, shown, tell
from holdfast.cli._connection import JsonOption, VentureOption, run_async
from holdfast.cli._output import print_json, say
from holdfast.cli._place import Place, ReasonOption, SessionOption, placed
from holdfast.cli._verification import run_verification
from holdfast.errors import InvalidValue
from holdfast.model.advancing import Advanced, AdvanceOutcome, Evidence
from holdfast.sessions.finishing import told
from holdfast.sessions.proceeding import Proceeding, Source, layers_of
from holdfast.sync.cache import CachedSession
from holdfast.sync.keeping import SESSION_VARIABLE, lease_of


class Switch(StrEnum):
    """Whether a session goes on by itself."""

    ON = "on"
    OFF = "off"


ChainOption = Annotated[
    bool | None,
    typer.Option("--chain/--no-chain", help="Go on with the next orchestrator when this is done."),
]


def advance(
    outcome: Annotated[
        AdvanceOutcome | None,
        typer.Option(
            "--outcome", help="How it went; unset finishes nothing and says what is next."
        ),
    ] = None,
    *,
    reason: ReasonOption = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Finish what the session has and take what is next; a verification runs first."""

    async def work() -> tuple[str | None, Evidence | None, Advanced]:
        async with placed(venture) as place:
            mine = await place.session(session)
            place.cache.require_writable()
            key, claim_epoch = await _finished(place, mine, outcome)
            evidence = None
            if outcome is AdvanceOutcome.COMPLETED and key is not None:
                evidence = await run_verification(place, key, mine)
            answer = await place.auto_proceed.advance(
                lease_of(mine),
                outcome=outcome,
                sd_key=key,
                claim_epoch=claim_epoch,
                evidence=evidence,
                reason=reason,
                proceeding=await proceeding_of(place, mine.session_id),
            )
            keep_answer(place, mine, answer)
            return key, evidence, answer

    key, evidence, answer = run_async(work())
    if as_json:
        print_json(shown(answer))
        return
    if evidence is not None:
        passed = "is verified" if evidence.passed else "did not pass its verification"
        say(f"{key} {passed}: {told(evidence)}")
    tell(answer)


def auto_proceed(
    switch: Annotated[Switch, typer.Argument(help="on or off.")],
    *,
    orchestrator: Annotated[
        str | None,
        typer.Option(
            "--orchestrator", help="Whose children; unset means the one it is in, else the next."
        ),
    ] = None,
    chain: ChainOption = None,
    max_chain_depth: Annotated[
        int | None, typer.Option("--max-chain-depth", help="How many orchestrators it goes on to.")
    ] = None,
    max_iterations: Annotated[
        int | None, typer.Option("--max-iterations", help="How many directives it takes.")
    ] = None,
    session: SessionOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Let a session go on by itself with an orchestrator's next child, or stop that."""
    given: dict[str, bool | int | None] = {
        "chain_orchestrators": chain,
        "max_chain_depth": max_chain_depth,
        "max_iterations": max_iterations,
    }
    keep = {name: value for name, value in given.items() if value is not None}
    if switch is Switch.OFF:
        if orchestrator or keep:
            raise InvalidValue("off takes no other options.", hint="Leave them out.")
        _turn_off(session, as_json, venture)
        return

    async def work() -> tuple[Advanced, Proceeding]:
        async with placed(venture) as place:
            mine = await place.session(session)
            place.cache.require_writable()
            answer = await place.auto_proceed.start(
                lease_of(mine),
                orchestrator,
                proceeding=await proceeding_of(place, mine.session_id, keep),
                keep=keep,
            )
            keep_answer(place, mine, answer)
            return answer, await proceeding_of(place, mine.session_id)

    answer, left = run_async(work())
    if as_json:
        print_json(shown(answer))
        return
    tell(answer)
    if not left.auto_proceed:
        say(f"but {left.sources['auto_proceed']} says off, which comes first from here on")


def summary(
    session: SessionOption = None, as_json: JsonOption = False, venture: VentureOption = None
) -> None:
    """Tell what a session's newest walk did."""

    async def work() -> dict[str, Any]:
        async with placed(venture) as place:
            named = session or os.environ.get(SESSION_VARIABLE)
            named = named or (await place.session(None)).session_id
            return await place.auto_proceed.summary(named)

    found = run_async(work())
    if as_json:
        print_json(found)
    else:
        print_summary(found)


async def proceeding_of(
    place: Place, session_id: str, given: dict[str, bool | int] | None = None
) -> Proceeding:
    """The settings that hold for a session here; what the command line gave comes first."""
    layers = {**layers_of(place.settings, os.environ), Source.COMMAND_LINE: given or {}}
    return await place.auto_proceed.settings(session_id, layers)


async def _finished(
    place: Place, mine: CachedSession, outcome: AdvanceOutcome | None
) -> tuple[str | None, int | None]:
    """What an outcome is said of: what the session believes to have, else what the database says it has."""
    if outcome is None:
        return None, None
    if mine.claim is not None:
        return mine.claim.sd_key, mine.claim.epoch
    held = (await place.sessions.get(mine.session_id)).sd_key
    if held is None and outcome is not AdvanceOutcome.UNFINISHED:
        raise InvalidValue(
            f"The session {mine.session_id} has nothing that could be {outcome.value}.",
            hint="Ask what is next with: holdfast session advance",
        )
    return held, None


def _turn_off(session: str | None, as_json: bool, venture: str | None) -> None:
    async def work() -> tuple[bool, Proceeding]:
        async with placed(venture) as place:
            mine = await place.session(session)
            stopped = await place.auto_proceed.stop(lease_of(mine))
            return stopped, await proceeding_of(place, mine.session_id)

    stopped, left = run_async(work())
    if as_json:
        print_json({"auto_proceed": left.auto_proceed, "stopped": stopped})
        return
    say("auto-proceed is off" + ("" if stopped else "; no walk was under way"))
    if left.auto_proceed:
        say(f"but {left.sources['auto_proceed']} says on, which comes first")
