"""What an operator does to a directive, whoever holds it. All need the role operator."""

from __future__ import annotations

from typing import Any

from holdfast.api.resources.directives import DirectiveName
from holdfast.api.resources.documenting import WRITING, resource
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.directives import Move, TakeOver
from holdfast.api.resources.writing import Done, NeededReason, OptionalReason, Undo, Writing

# Keys may have slashes in them.
router = resource("/api/v1/directives/{directive:path}", tag="directives")


def _undo(key: str, action: str, **body: Any) -> Undo:
    return Undo(path=f"/api/v1/directives/{key}/{action}", body=body)


@router.post("/block", responses=WRITING)
async def block_directive(
    reading: Reading, writing: Writing, directive: DirectiveName, given: NeededReason
) -> Done:
    """Say that it cannot go on, and why; whoever holds it loses it."""
    row = await reading.one("one_directive", "directive", directive)
    return await writing.do(
        "override_directive",
        row["sd_key"],
        undo=_undo(row["id"], "unblock"),
        status="blocked",
        reason=given.reason,
    )


@router.post("/unblock", responses=WRITING)
async def unblock_directive(
    reading: Reading, writing: Writing, directive: DirectiveName, given: OptionalReason
) -> Done:
    """Make it active: what it was blocked by is out of the way, or the draft is ready."""
    row = await reading.one("one_directive", "directive", directive)
    undo = row["blocked_reason"] and _undo(row["id"], "block", reason=row["blocked_reason"][:2000])
    return await writing.do(
        "override_directive", row["sd_key"], undo=undo, status="active", reason=given.reason
    )


@router.post("/cancel", responses=WRITING)
async def cancel_directive(
    reading: Reading, writing: Writing, directive: DirectiveName, given: OptionalReason
) -> Done:
    """Say that it will not be done; whoever holds it loses it."""
    row = await reading.one("one_directive", "directive", directive)
    return await writing.do(
        "override_directive", row["sd_key"], status="cancelled", reason=given.reason
    )


@router.post("/move", responses=WRITING)
async def move_directive(
    reading: Reading, writing: Writing, directive: DirectiveName, given: Move
) -> Done:
    """Move it to the phase that is next to its own; whoever holds it keeps it."""
    row = await reading.one("one_directive", "directive", directive)
    return await writing.do(
        "override_directive_phase",
        row["sd_key"],
        undo=_undo(row["id"], "move", phase=row["phase"], reason="taken back"),
        phase=given.phase,
        reason=given.reason,
    )


@router.post("/take-over", responses=WRITING)
async def take_over_directive(
    reading: Reading, writing: Writing, directive: DirectiveName, given: TakeOver
) -> Done:
    """Give it to a living session, whoever holds it."""
    row = await reading.one("one_directive", "directive", directive)
    session = await reading.one("one_session", "session", given.session_id)
    undo = Undo(path=f"/api/v1/sessions/{session['id']}/release", body={"reason": "taken back"})
    return await writing.do(
        "assign_directive",
        row["sd_key"],
        undo=undo,
        session_id=session["session_id"],
        reason=given.reason,
    )
