"""The fleet as it is shown: everything that needs a person, is under way or has just ended, in five groups."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any
from uuid import UUID

from holdfast.client import Holdfast
from holdfast.progress import Basis, Progress, Standing, of, of_plans, of_sessions

MOST_ROWS = 1000
MOST_OVER = 20


class Group(StrEnum):
    """What a person asks first, first."""

    NEEDS_YOU = "needs you"
    WORKING = "working"
    IDLE = "idle"
    LOST = "lost"
    DONE = "done"


_ORDER = {group: number for number, group in enumerate(Group)}
_WAITS_FOR_A_PERSON = ("open", "requires_action")
_IDLE = ("pending", "ready", "starting", "idle", "paused")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the fleet."""

    kind: str
    id: UUID
    name: str
    state: str
    group: Group
    activity: str
    agent: str | None
    steps: str
    progress: Progress | None
    restorations: int
    seconds: float
    """How long it has been under way, or took."""
    error_message: str | None
    options: tuple[Any, ...] | None
    context: dict[str, Any]
    schema: dict[str, Any] | None
    """What an answer must be like."""
    action_digest: bytes | None
    """What an answer approves."""

    @property
    def key(self) -> str:
        """What it is found by again in the next look."""
        return f"{self.kind}-{self.id}"

    @property
    def is_measured(self) -> bool:
        """Whether it is known how far it is."""
        return self.progress is not None and self.progress.percent is not None

    def is_like(self, text: str) -> bool:
        """Whether a filter means it: each word stands somewhere in it."""
        told = " ".join(
            (self.kind, self.name, self.state, self.group, self.activity, self.agent or "")
        ).lower()
        return all(word in told for word in text.lower().split())


async def look(hf: Holdfast, venture_id: UUID) -> list[Item]:
    """The fleet now, in the order in which it is shown."""
    rows = await hf.engine.read("fleet", venture_id, MOST_ROWS, MOST_OVER)
    known: dict[UUID, Progress] = {}
    for kind, measured in (("execution", of), ("plan", of_plans), ("session", of_sessions)):
        at_work = [row["id"] for row in rows if row["kind"] == kind and not row["is_over"]]
        if at_work:
            known |= await measured(hf.engine, venture_id, at_work)
    return sorted((_item(row, known.get(row["id"])) for row in rows), key=_place)


def _item(row: Any, progress: Progress | None) -> Item:
    state = "interrupted" if row["interrupted"] else row["state"]
    total, completed = row["total_steps"], row["completed_steps"]
    return Item(
        kind=row["kind"],
        id=row["id"],
        name=row["name"],
        state=state,
        group=_group(state, is_over=row["is_over"]),
        activity=row["activity"] or "",
        agent=row["agent"],
        steps=f"{completed}/{total}" if total else "",
        progress=progress or _told_progress(row),
        restorations=row["restorations"],
        seconds=row["seconds"],
        error_message=row["error_message"],
        options=None if row["options"] is None else tuple(row["options"]),
        context=row["context"] or {},
        schema=row["schema"],
        action_digest=row["action_digest"],
    )


def _told_progress(row: Any) -> Progress | None:
    """How far what is over came, and what a supervisor says of itself."""
    if row["progress"] is None:
        return None
    standing = Standing.OVER if row["is_over"] else Standing.WORKING
    return Progress(
        percent=row["progress"], basis=Basis.STEPS, standing=standing, seconds=row["seconds"]
    )


def _group(state: str, *, is_over: bool) -> Group:
    if is_over:
        return Group.DONE
    if state in ("interrupted", "lost"):
        return Group.LOST
    if state in _WAITS_FOR_A_PERSON:
        return Group.NEEDS_YOU
    return Group.IDLE if state in _IDLE else Group.WORKING


def _place(item: Item) -> tuple[int, float]:
    """Who has waited longest for a person comes first; of all else the newest."""
    oldest_first = item.group == Group.NEEDS_YOU
    return _ORDER[item.group], -item.seconds if oldest_first else -item.id.int
