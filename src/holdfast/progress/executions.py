"""Progress of executions, from their steps, todo items or own numbers, and from like executions before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from holdfast.progress.measuring import measure
from holdfast.progress.pieces import PastRun, Piece, PieceState, Work
from holdfast.progress.values import Basis, Progress, Standing

TO_COME = "to come"
LONGEST_NAME = 500
_STATES = {
    "running": PieceState.RUNNING,
    "completed": PieceState.DONE,
    "skipped": PieceState.DONE,
    "failed": PieceState.LEFT,
}


class Reader(Protocol):
    """What reads: an engine, or one that reads as a user."""

    async def read(self, query: str, /, *arguments: Any) -> list[Any]:
        """The rows of a named query."""
        ...


async def of(
    engine: Reader, venture_id: UUID, execution_ids: Sequence[UUID]
) -> dict[UUID, Progress]:
    """How far executions are, all of them in one query; those that are not there are left out."""
    rows = await engine.read("execution_progress", venture_id, list(execution_ids))
    return {row["id"]: progress_of(row) for row in rows}


def progress_of(row: Mapping[str, Any]) -> Progress:
    """How far the execution of a row of `execution_progress` is."""
    return measure(
        work_of(row),
        basis=Basis.TODOS if row["todos"] is not None else Basis.STEPS,
        standing=Standing(row["standing"]),
        is_completed=row["status"] == "completed",
        warnings=_warnings(row),
    )


def work_of(row: Mapping[str, Any]) -> Work:
    """What the execution of a row consists of."""
    past = [
        PastRun(seconds=seconds, pieces=pieces)
        for seconds, pieces in zip(row["like_seconds"], row["like_steps"], strict=True)
    ]
    seconds = row["seconds"] or 0.0
    pieces = [*_unread(row), *_steps(row)]
    if not pieces and row["total_steps"] is None:
        whole = Piece(
            name=row["name"],
            state=_state_of_whole(row),
            seconds=seconds,
            history=tuple(one.seconds for one in past),
        )
        return Work(pieces=(whole,), seconds=seconds, past=tuple(past), is_counted=False)
    pieces += _left(row, sum(piece.count for piece in pieces))
    return Work(
        pieces=tuple(pieces),
        seconds=seconds,
        past=tuple(past),
        is_counted=row["total_steps"] is not None,
    )


def _state_of_whole(row: Mapping[str, Any]) -> PieceState:
    match row["status"]:
        case "pending":
            return PieceState.LEFT
        case "running":
            return PieceState.RUNNING
    return PieceState.DONE


def _steps(row: Mapping[str, Any]) -> Iterator[Piece]:
    """The steps that have begun; what is in work without a step of its own is the next one's time."""
    for name, status, seconds in zip(
        row["names"], row["statuses"], row["step_seconds"], strict=True
    ):
        yield Piece(
            name=name,
            state=_STATES[status],
            seconds=seconds,
            history=tuple(row["history"].get(name, ())),
            is_skipped=status == "skipped",
        )


def _unread(row: Mapping[str, Any]) -> Iterator[Piece]:
    """What is done and was not read: steps before the newest hundred, or what the execution itself counts."""
    unread = row["completed_steps"] - sum(
        status in ("completed", "skipped") for status in row["statuses"]
    )
    if unread <= 0:
        return
    if row["names"]:
        spent = max((row["seconds"] or 0.0) - sum(row["step_seconds"]), 0.0)
        first = row["names"][0]
    else:
        spent, first = row["seconds"] or 0.0, row["name"]
    yield Piece(name=first, state=PieceState.DONE, seconds=spent / unread, count=unread)


def _left(row: Mapping[str, Any], begun: int) -> Iterator[Piece]:
    """What has not begun: by name where somebody has named it, else as many as the total says."""
    missing = max((row["total_steps"] or 0) - begun, 0)
    named = _named(row)[:missing]
    for name in named:
        yield Piece(name=name, state=PieceState.LEFT, history=tuple(row["history"].get(name, ())))
    if missing > len(named):
        yield Piece(name=TO_COME, state=PieceState.LEFT, count=missing - len(named))


def _named(row: Mapping[str, Any]) -> list[str]:
    """What comes next: the todo items, or the steps of the newest like run if this one has followed it so far."""
    if row["todos"] is not None:
        return [
            (todo.get("content") or todo["key"])[:LONGEST_NAME]
            for todo in row["todos"]
            if todo.get("status") == "pending"
        ]
    path, begun = row["followed"], max(row["positions"], default=0)
    followed = all(
        path[position - 1 : position] == [name]
        for position, name in zip(row["positions"], row["names"], strict=True)
    )
    return list(path[begun:]) if followed else []


def _warnings(row: Mapping[str, Any]) -> Iterator[str]:
    total, completed = row["total_steps"], row["completed_steps"]
    begun = max(row["positions"], default=0)
    if total is not None and begun > total:
        yield f"It has begun its step {begun} though it said that it has {total}."
    if total is not None and completed > total:
        yield f"It says that {completed} of {total} steps are done; all is the most that can be."
    if row["status"] == "completed" and total is not None and completed < total:
        yield f"It ended with {completed} of {total} steps done."
    if row["standing"] == "dead":
        yield "Nobody is at it: what is left is counted from when a worker takes it up."
    if row["standing"] == "waiting":
        yield "It waits; what is left is counted from when it goes on."
