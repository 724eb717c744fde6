"""Progress of sessions: through an orchestrator's children where they walk one, else of their todo list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from holdfast.progress import executions
from holdfast.progress.measuring import measure
from holdfast.progress.pieces import Piece, PieceState, Work
from holdfast.progress.values import Basis, Progress, Standing

_OVER = ("completed", "cancelled")


async def of_sessions(
    engine: executions.Reader, venture_id: UUID, session_ids: Sequence[UUID]
) -> dict[UUID, Progress]:
    """How far sessions are, all of them in two queries; those that are not there are left out."""
    rows = await engine.read("session_progress", venture_id, list(session_ids))
    at_work = [row["execution_id"] for row in rows if row["execution_id"]]
    known = await executions.of(engine, venture_id, at_work) if at_work else {}
    return {row["id"]: _progress(row, known.get(row["execution_id"])) for row in rows}


def _progress(row: Mapping[str, Any], todos: Progress | None) -> Progress:
    standing = Standing(row["standing"])
    if row["orchestrator_id"] is None:
        return todos or Progress(
            percent=None, basis=Basis.TODOS, standing=standing, seconds=row["seconds"]
        )
    return measure(
        Work(pieces=tuple(_children(row, todos)), seconds=row["seconds"]),
        basis=Basis.CHILDREN,
        standing=standing,
        warnings=_warnings(row),
    )


def _children(row: Mapping[str, Any], todos: Progress | None) -> Iterator[Piece]:
    for title, status, seconds in zip(
        row["titles"], row["statuses"], row["child_seconds"], strict=True
    ):
        is_current = status == "active" and seconds is not None
        within = todos.percent / 100 if is_current and todos and todos.percent else 0.0
        yield Piece(
            name=title,
            state=_state(status, is_current=is_current),
            seconds=seconds or 0.0,
            history=tuple(row["like_seconds"]),
            within=within,
            rest=todos.remaining if is_current and todos else None,
            # What was done before the walk, or by others, says nothing of its pace.
            is_skipped=status == "cancelled" or seconds is None,
        )


def _state(status: str, *, is_current: bool) -> PieceState:
    if status in _OVER:
        return PieceState.DONE
    return PieceState.RUNNING if is_current else PieceState.LEFT


def _warnings(row: Mapping[str, Any]) -> Iterator[str]:
    if blocked := sum(status == "blocked" for status in row["statuses"]):
        yield f"{blocked} of its children are blocked; what is left is counted as if they were not."
