"""What an agent is told of its place: where it was, what happened meanwhile, what waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdfast.engine.postgres import Row
from holdfast.hooks.desk import Desk
from holdfast.hooks.replies import Pass, Reply, Tell
from holdfast.model.directives import Directive, DirectiveStatus
from holdfast.model.sessions import Session

_MOST_CHILDREN = 30
_HELP = (
    "Work on a directive only while this session holds it. Commands: holdfast directive tree | show KEY | move KEY PHASE, "
    "holdfast session claim KEY | release, holdfast directive complete KEY, holdfast questions."
)


async def describe(desk: Desk) -> str:
    """Everything that the agent should know when it begins, comes back or has been compacted."""
    session = await desk.keeper.session()
    lines = [f"Holdfast keeps this session ({session.session_id})."]
    lines += desk.keeper.take_notes()
    if session.sd_key is None:
        lines.append("You hold no directive.")
    else:
        lines += await _held(desk, session, session.sd_key)
    lines += await _questions(desk)
    return "\n".join([*lines, _HELP])


async def tell_place(desk: Desk) -> Reply:
    """The place, if the agent has not been told of it yet: at a cold start the database answers only after the first hooks."""
    if desk.is_told or not desk.keeper.is_held:
        return Pass()
    text = await describe(desk)
    desk.is_told = True
    return Tell(text)


async def news(desk: Desk) -> str:
    """What the agent has not been told yet."""
    lines = desk.keeper.take_notes()
    lines += [line for line in await _questions(desk) if line.startswith("Answered")]
    return "\n".join(lines)


async def _held(desk: Desk, session: Session, key: str) -> list[str]:
    tree = await desk.keeper.directives.tree(key)
    held = tree[0]
    task = _state(session).get("currentTask")
    lines = [f"You hold {key} ({held.phase.value} phase): {held.title}"]
    if held.description:
        lines.append(held.description)
    if held.verification:
        lines.append(f"It is done when this command succeeds: {held.verification}")
    if task:
        lines.append(f"Your last task: {task}")
    lines += _children("Its children", tree[1:])
    if held.parent_key is not None:
        parent = (await desk.keeper.directives.tree(held.parent_key))[0]
        lines.append(
            f"It belongs to {parent.sd_key} ({parent.title}): "
            f"{parent.completed_children} of {parent.total_children} children are completed."
        )
    return lines + await _meanwhile(desk, key)


def _children(heading: str, directives: Iterable[Directive]) -> list[str]:
    shown = [
        f"  {one.sd_key} {one.status.value}"
        + (f", held by {one.held_by}" if one.held_by else "")
        + (f" ({one.blocked_reason})" if one.status is DirectiveStatus.BLOCKED else "")
        + f": {one.title}"
        for one in directives
        if one.depth == 1
    ]
    more = [f"  … and {len(shown) - _MOST_CHILDREN} more"] if len(shown) > _MOST_CHILDREN else []
    return [f"{heading}:", *shown[:_MOST_CHILDREN], *more] if shown else []


async def _meanwhile(desk: Desk, key: str) -> list[str]:
    """What others did to the directives around it while the session was away."""
    away_since = desk.keeper.away_since
    if away_since is None:
        return []
    rows = await desk.keeper.engine.read(
        "tree_news", desk.keeper.venture_id, key, away_since, desk.task.session_id
    )
    return ["While you were away:", *(f"  {_happened(row)}" for row in rows)] if rows else []


def _happened(row: Row) -> str:
    what = str(row["type"]).removeprefix("directive.").replace("_", " ")
    by = f" by {row['actor']}" if row["actor"] else ""
    reason = row["data"].get("reason")
    return f"{row['sd_key']} {what}{by} at {row['time']:%H:%M:%S %Z}" + (
        f": {reason}" if reason else ""
    )


async def _questions(desk: Desk) -> list[str]:
    """What the agent asked; a gate's question answers itself when its tool is called again."""
    rows = await desk.keeper.engine.read(
        "session_questions", desk.keeper.venture_id, desk.task.session_id
    )
    return [_question(row) for row in rows]


def _question(row: Row) -> str:
    ticket = str(row["id"])[-8:]
    if row["status"] == "open":
        return f"Open question {ticket}: {row['message']}"
    by = row["answered_by"] or "a person"
    return f"Answered question {ticket}: {row['message']} — {by}: {_text(row['answer'])}"


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else repr(answer)


def _state(session: Session) -> dict[str, Any]:
    state = session.metadata.get("execution_state")
    return state if isinstance(state, dict) else {}
