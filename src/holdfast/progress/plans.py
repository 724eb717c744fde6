"""Progress of plans, from their steps and the executions that do and verify them."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from holdfast.progress import executions
from holdfast.progress.measuring import measure
from holdfast.progress.pieces import PastRun, Piece, PieceState, Work
from holdfast.progress.values import Basis, Progress, Standing

_RUNNING = ("running", "waiting", "verifying")
# A gate takes none of the time in which anybody works.
_NO_TIME = (0.0,) * 3


async def of_plans(
    engine: executions.Reader, venture_id: UUID, plan_ids: Sequence[UUID]
) -> dict[UUID, Progress]:
    """How far plans are, all of them in two queries; those that are not there are left out."""
    rows = await engine.read("plan_progress", venture_id, list(plan_ids))
    at_work = [
        row[name] for row in rows for name in ("execution_id", "verification_id") if row[name]
    ]
    known = await executions.of(engine, venture_id, at_work) if at_work else {}
    return {
        plan_id: _progress(list(steps), known)
        for plan_id, steps in itertools.groupby(rows, key=lambda row: row["plan_id"])
    }


def _progress(steps: Sequence[Mapping[str, Any]], known: Mapping[UUID, Progress]) -> Progress:
    plan = steps[0]
    pieces = tuple(_piece(step, known) for step in steps)
    past = tuple(PastRun(seconds=one, pieces=len(pieces)) for one in plan["like_seconds"])
    return measure(
        Work(pieces=pieces, seconds=sum(piece.seconds for piece in pieces), past=past),
        basis=Basis.PLAN,
        standing=Standing(plan["standing"]),
        is_completed=plan["plan_status"] == "completed",
        warnings=_warnings(steps),
    )


def _piece(step: Mapping[str, Any], known: Mapping[UUID, Progress]) -> Piece:
    work, verification = known.get(step["execution_id"]), known.get(step["verification_id"])
    is_verifying = step["status"] == "verifying"
    current = verification if is_verifying else work
    return Piece(
        name=step["step_key"],
        state=_state(step["status"]),
        seconds=sum(one.seconds for one in (work, verification) if one is not None),
        history=_history(step),
        within=_within(step, work),
        rest=current.remaining if current is not None else None,
        needs=tuple(step["needs"]),
        is_skipped=step["status"] == "skipped" or not step["has_work"],
    )


def _state(status: str) -> PieceState:
    if status in ("completed", "skipped"):
        return PieceState.DONE
    return PieceState.RUNNING if status in _RUNNING else PieceState.LEFT


def _within(step: Mapping[str, Any], work: Progress | None) -> float:
    """How far a step is: its verification is the last tenth where nobody knows better."""
    if step["status"] == "verifying":
        usual = sum(step["work_seconds"]), sum(step["verification_seconds"])
        return usual[0] / sum(usual) if all(usual) else 0.9
    if step["status"] != "running" or work is None or work.percent is None:
        return 0.0
    return min(work.percent / 100, 0.9)


def _history(step: Mapping[str, Any]) -> tuple[float, ...]:
    """How long such work took with its verification."""
    if not step["has_work"]:
        return _NO_TIME
    verifying = step["verification_seconds"]
    more = statistics.median(verifying) if verifying else 0.0
    return tuple(seconds + more for seconds in step["work_seconds"])


def _warnings(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    standing = steps[0]["standing"]
    if any(step["status"] == "waiting" for step in steps):
        yield "It waits for a person: the time until the answer is not in what is left."
    if standing == "dead":
        yield "Nobody is at it: what is left is counted from when a worker takes it up."
