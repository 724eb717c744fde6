"""What an agent that goes on by itself is told, and the person beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.model.advancing import Continue, Evidence, Pause
from holdfast.sessions.finishing import told

_MINUTE = 60


def next_told(advanced: Continue, before: str | None, evidence: Evidence | None) -> str:
    """What to go on with, and how it ends.

    Args:
        advanced: what the database said.
        before: the directive that the session had.
        evidence: what its verification gave.
    """
    key = advanced.sd_key
    if before == key:
        lines = [f"Holdfast: {key} ({advanced.phase.value} phase) is not done: {advanced.why}."]
        if evidence is not None:
            lines += [told(evidence), evidence.output_tail]
    else:
        lines = [f"Holdfast: go on with {key} ({advanced.phase.value} phase): {advanced.title}."]
    if advanced.is_final:
        lines.append("All below it is over; what is left is to check the whole of it.")
    lines.append(
        f"When it is done, run: holdfast directive complete {key}. "
        f'If something is in the way: holdfast directive block {key} --reason "…"'
    )
    return "\n".join(lines)


def pause_told(pause: Pause, summary: Mapping[str, Any] | None) -> str:
    """Why the session stops, what stands in the way, and what its walk has done."""
    lines = [f"Holdfast pauses: {pause.reason.words} ({pause.text})."]
    lines += [f"  {one.sd_key or one.kind}: {one.by}" for one in pause.blocked]
    if summary is not None:
        lines.append(
            f"{summary['orchestrator']}: {summary['completed']} of {summary['handed_out']} completed "
            f"in {summary['seconds'] / _MINUTE:.1f} min."
        )
        lines += [f"  problem: {problem}" for problem in summary["problems"]]
    return "\n".join(lines)
