"""Codex: how it is started, resumed and listened to."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.agents._codex_hooks import codex_hooks
from holdfast.agents._json import count, mapping, objects, text
from holdfast.agents.reports import Began, Called, Ended, Listed, Report, Said, Told, Usage, Used
from holdfast.agents.task import Task
from holdfast.model.states import LogLevel
from holdfast.model.todos import TodoChanges

_CALLS = {"command_execution": "command", "mcp_tool_call": "tool", "web_search": "query"}


class Codex:
    """Codex without a person at it, in the sandbox that its own configuration says."""

    name = "codex"
    title = "Codex"
    chooses_session = False
    has_telemetry = False

    def __init__(self, *, command: str, flags: tuple[str, ...]) -> None:
        self._command = command
        self._flags = flags

    async def prepare(self, task: Task, *, cwd: str | None, environment: Mapping[str, str]) -> Task:
        """The task with the hooks of its plan."""
        flags = await codex_hooks(
            self._command, self._flags, task.hooks, cwd=cwd, environment=environment
        )
        return dataclasses.replace(task, flags=tuple(flags))

    def begin(self, task: Task, session_id: str) -> list[str]:
        """Start a conversation; Codex chooses its id."""
        return [*self._line(task), "--", task.whole_prompt]

    def resume(self, task: Task, session_id: str) -> list[str]:
        """Go on with a conversation."""
        return [*self._line(task), "resume", session_id, "--", task.whole_prompt]

    def stream(self) -> CodexStream:
        """What listens to one run."""
        return CodexStream()

    def _line(self, task: Task) -> list[str]:
        model = ["--model", task.model] if task.model else []
        return [self._command, "exec", "--json", *model, *task.flags, *self._flags]


class CodexStream:
    """Understands `exec --json`."""

    def hear(self, event: Mapping[str, Any]) -> Iterator[Report]:
        """What an event reports."""
        item = mapping(event.get("item"))
        match event.get("type"):
            case "thread.started":
                yield Began(text(event.get("thread_id")))
            case "item.started":
                yield from _hear_item(item, has_begun=True)
            case "item.updated" if item.get("type") == "todo_list":
                yield Listed(_todos(item))
            case "item.completed":
                yield from _hear_item(item, has_begun=False)
            case "turn.completed":
                yield Used(_usage(mapping(event.get("usage"))))
                yield Ended()
            case "turn.failed":
                yield Ended(error=_message(mapping(event.get("error")).get("message")))
            case "error":
                yield Told(_message(event.get("message")))


def _hear_item(item: Mapping[str, Any], *, has_begun: bool) -> Iterator[Report]:
    match item.get("type"), has_begun:
        case ("command_execution" | "mcp_tool_call" | "web_search" | "file_change") as kind, True:
            yield Called(kind, item.get(_CALLS.get(kind, "changes")))
        case "todo_list", _:
            yield Listed(_todos(item))
        case "agent_message", False:
            yield Said(text(item.get("text")))
        case "reasoning", False:
            yield Told(text(item.get("text")), LogLevel.DEBUG)
        case "error", False:
            yield Told(_message(item.get("message")))
        case _, False if item.get("status") in ("failed", "declined"):
            told = text(item.get("aggregated_output")) or text(
                mapping(item.get("error")).get("message")
            )
            yield Told(f"{item.get('type')} {item.get('status')}: {told[-500:]}")


def _usage(told: Mapping[str, Any]) -> Usage:
    # Its input tokens include the cached ones; what it costs Codex does not say.
    return Usage(
        input_tokens=count(told.get("input_tokens")), output_tokens=count(told.get("output_tokens"))
    )


def _todos(item: Mapping[str, Any]) -> TodoChanges:
    """Codex tells what is done; what is done next is the first that is not."""
    listed = [one for one in objects(item.get("items")) if text(one.get("text"))]
    current = next((one for one in listed if not one.get("completed")), None)
    return TodoChanges(
        items=tuple(
            {"key": one["text"][:500], "content": one["text"], "status": _status(one, current)}
            for one in listed
        ),
        is_whole=True,
    )


def _status(one: Mapping[str, Any], current: Mapping[str, Any] | None) -> str:
    if one.get("completed"):
        return "completed"
    return "in_progress" if one is current else "pending"


def _message(told: Any) -> str:
    """An error's text, which may be what the model's server answered, as JSON."""
    said = text(told)
    try:
        answer = mapping(json.loads(said))
    except ValueError:
        return said or "it gave no reason"
    return text(mapping(answer.get("error")).get("message")) or said
