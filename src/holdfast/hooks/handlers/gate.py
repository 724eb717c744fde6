"""A gated tool: a person is asked, and the call waits for the answer, however long that takes."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from holdfast.engine.postgres import Row
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.replies import Allow, Defer, Pass, Refuse, Reply

OPTIONS = ("approve", "reject")
_SUBJECTS = ("command", "file_path", "path", "url", "query")
_LONGEST = 2000
# Nobody approves its own call. This stops an agent that means well; one that does not needs a sandbox.
_ANSWERING = re.compile(r"\bholdfast(\s+-\S+)*\s+answer\b")


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Ask about a gated call, or do as was answered."""
    if _ANSWERING.search(_subject(event)):
        return Refuse("Only a person answers questions: do not run holdfast answer yourself.")
    if pattern_of(desk.settings.gated_tools, event) is None:
        return Pass()
    question = await _question(desk, event)
    if question is None:
        return await _wait(desk, event, await _ask(desk, event))
    if question["status"] == "open":
        return await _wait(desk, event, question["id"])
    await _consume(desk, question["id"])
    by = question["answered_by"] or "a person"
    if question["answer"] == "approve":
        await desk.keeper.move("running")
        return Allow(f"{by} approved it.")
    return Refuse(f"{by} answered {question['answer']!r} to: {question['message']}")


def pattern_of(patterns: Iterable[str], event: HookEvent) -> str | None:
    """The pattern that a tool call falls under: `Tool`, or `Tool(what it is about)`, with `*` for anything.

    >>> event = HookEvent(moment="x", name="PreToolUse", tool_name="Bash", tool_input={"command": "git push -f"})
    >>> pattern_of(["WebFetch", "Bash(git push*)"], event)
    'Bash(git push*)'
    """
    for pattern in patterns:
        tool, _, about = pattern.removesuffix(")").partition("(")
        if fnmatch.fnmatchcase(event.tool_name, tool) and (
            not about or fnmatch.fnmatchcase(_subject(event), about)
        ):
            return pattern
    return None


def _subject(event: HookEvent) -> str:
    for name in _SUBJECTS:
        if isinstance(event.tool_input.get(name), str):
            return str(event.tool_input[name])
    return json.dumps(event.tool_input, sort_keys=True)


def _digest(event: HookEvent) -> str:
    """An approval is for exactly this call."""
    exact = json.dumps([event.tool_name, event.tool_input], sort_keys=True)
    return hashlib.sha256(exact.encode()).hexdigest()[:32]


async def _question(desk: Desk, event: HookEvent) -> Row | None:
    """The question about exactly this call whose answer has not been used yet."""
    rows = await desk.keeper.engine.read(
        "session_questions", desk.keeper.venture_id, desk.task.session_id
    )
    prefix = f"gate:{_digest(event)}:"
    return next((row for row in rows if (row["key"] or "").startswith(prefix)), None)


async def _ask(desk: Desk, event: HookEvent) -> UUID:
    claim = desk.keeper.claim
    context: dict[str, Any] = {"tool": event.tool_name, "input": event.tool_input}
    if claim is not None:
        context["directive"] = claim.sd_key
    row = await desk.keeper.engine.call_row(
        "ask_question",
        **desk.keeper.lease.fence,
        key=f"gate:{_digest(event)}:{uuid.uuid4()}",
        message=f"May the agent run {event.tool_name}: {_subject(event)[:_LONGEST]}",
        options=list(OPTIONS),
        context=context,
        venture_id=desk.keeper.venture_id,
    )
    question: UUID = row["id"]
    return question


async def _wait(desk: Desk, event: HookEvent, question: UUID) -> Reply:
    await desk.keeper.move("requires_action")
    ticket = str(question)[-8:]
    if desk.task.program == "claude" and not event.is_attended:
        return Defer(f"A person is asked (question {ticket}).")
    return Refuse(
        f"This needs a person's approval: question {ticket}. Do not work around it. "
        "Go on with other work, and try it again once it is answered."
    )


async def _consume(desk: Desk, question: UUID) -> None:
    for function in ("deliver_answer", "acknowledge_answer"):
        fence = {
            name: value for name, value in desk.keeper.lease.fence.items() if name != "session_id"
        }
        await desk.keeper.engine.call(
            function, question_id=question, **fence, venture_id=desk.keeper.venture_id
        )
