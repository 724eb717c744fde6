"""What a session is told when it advances: kept in the cache, printed for people and for machines."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from holdfast.cli._output import console, rows_table, say
from holdfast.cli._place import Place
from holdfast.model.advancing import Advanced, Chain, Continue, Pause
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.terminal.words import span


def keep_answer(place: Place, mine: CachedSession, answer: Advanced) -> None:
    """Let the cache know what the session has now."""
    if isinstance(answer, Continue):
        place.keep(mine, claim=cached_claim(answer))
    elif mine.claim is not None and answer.sd_key != mine.claim.sd_key:
        place.forget_claim(mine, mine.claim)


def cached_claim(answer: Continue) -> CachedClaim:
    """The claim as the cache keeps it."""
    return CachedClaim(
        sd_key=answer.sd_key,
        epoch=answer.claim.epoch,
        token=answer.claim.token,
        phase=answer.phase.value,
    )


def shown(answer: Advanced) -> dict[str, Any]:
    """An answer for machines; its tokens stay in the cache."""
    if isinstance(answer, Pause):
        return {
            "decision": "pause",
            "reason": answer.reason,
            "why": answer.text,
            "blocked": answer.blocked,
            "sd_key": answer.sd_key,
            "orchestrator": answer.orchestrator_key,
        }
    return {
        "decision": "chain" if isinstance(answer, Chain) else "continue",
        "sd_key": answer.sd_key,
        "title": answer.title,
        "phase": answer.phase,
        "orchestrator": answer.orchestrator_key,
        "is_final": answer.is_final,
        "failures": answer.failures,
        "why": answer.why,
        "expires_at": answer.claim.expires_at,
    }


def tell(answer: Advanced) -> None:
    """An answer for people."""
    if isinstance(answer, Pause):
        say(f"pause: {answer.reason.words}")
        for one in answer.blocked:
            say(f"  {one.sd_key or one.kind}: {one.by}")
        if not answer.blocked:
            say(f"  {answer.text}")
        if answer.sd_key is not None:
            say(f"{answer.sd_key} is still held")
        return
    verb = "chain to" if isinstance(answer, Chain) else "continue with"
    say(f"{verb} {answer.sd_key} ({answer.phase.value}): {answer.title}")
    say(f"because {answer.why}")


def print_summary(found: dict[str, Any]) -> None:
    """What a walk did."""
    state = found["pause_reason"] or ("over" if found["ended_at"] else "under way")
    say(
        f"{found['orchestrator']}: {found['completed']} of {found['handed_out']} completed in"
        f" {span(found['seconds'])}; {state.replace('_', ' ')}"
    )
    table = rows_table("directive", "outcome", "time", "failures", "title", right=("time", "failures"))  # fmt: skip
    for one in found["items"]:
        table.add_row(
            Text(one["sd_key"]),
            one["outcome"].replace("_", " "),
            span(one["seconds"]),
            str(one["failures"] or ""),
            Text(one["title"]),
        )
    console.print(table)
    for problem in found["problems"]:
        say(f"problem: {problem}")
