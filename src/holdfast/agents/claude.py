"""Claude Code: how it is started, resumed and listened to."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.agents._choosing import Choosing
from holdfast.agents._claude_hooks import claude_hooks
from holdfast.agents._json import amount, count, mapping, objects, text
from holdfast.agents.reports import Began, Called, Ended, Listed, Report, Said, Told, Usage, Used
from holdfast.agents.roles import Role
from holdfast.agents.task import Task
from holdfast.model.todos import read_todos

_FORMAT = ("-p", "--output-format", "stream-json", "--verbose")
_MOST_TOLD_CHARACTERS = 500


class Claude(Choosing):
    """Claude Code without a person at it; it denies what would need one."""

    name = "claude"
    title = "Claude Code"
    has_telemetry = True

    async def prepare(self, task: Task, *, cwd: str | None, environment: Mapping[str, str]) -> Task:
        """The task with the hooks of its plan and the limits of its role."""
        flags = claude_hooks(self._flags, task.hooks, task.role, cwd=cwd, environment=environment)
        return dataclasses.replace(task, flags=tuple(flags))

    def stream(self) -> ClaudeStream:
        """What listens to one run."""
        return ClaudeStream()

    def _line(self, task: Task, *conversation: str) -> list[str]:
        role = _as_agent(task.role) if task.role else []
        model = ["--model", task.model] if task.model else []
        return [
            self._command,
            *_FORMAT,
            *conversation,
            *role,
            *model,
            *task.flags,
            *self._flags,
            "--",
            task.prompt,
        ]


def _as_agent(role: Role) -> list[str]:
    """A role as Claude's own agents are, wherever its file lies."""
    told = {
        "description": role.description or role.name,
        "prompt": role.prompt,
        "tools": None if role.allowed_tools is None else list(role.allowed_tools),
        "model": role.model,
    }
    given = {key: value for key, value in told.items() if value is not None}
    return ["--agents", json.dumps({role.name: given}), "--agent", role.name]


class ClaudeStream:
    """Understands `stream-json`."""

    def __init__(self) -> None:
        self._told = Usage()
        self._messages: set[str] = set()
        self._calls: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def hear(self, event: Mapping[str, Any]) -> Iterator[Report]:
        """What an event reports."""
        match event.get("type"), event.get("subtype"):
            case "system", "init":
                yield Began(text(event.get("session_id")))
            case "system", "permission_denied":
                tool = text(event.get("tool_name"))
                yield Told(f"{tool} was denied: {text(event.get('message'))}")
            case "assistant", _ if not event.get("is_api_error_message"):
                yield from self._hear_model(event)
            case "user", _:
                yield from self._hear_tools(event)
            case "result", _:
                yield Used(_usage_of_run(event) - self._told)
                yield _end(event)

    def _hear_model(self, event: Mapping[str, Any]) -> Iterator[Report]:
        message = mapping(event.get("message"))
        if (name := text(message.get("id"))) not in self._messages:
            # A message comes in several events, each with all that it used.
            self._messages.add(name)
            used = _usage_of_message(mapping(message.get("usage")))
            self._told += used
            yield Used(used)
        for block in objects(message.get("content")):
            match block.get("type"):
                case "text" if not event.get("parent_tool_use_id"):
                    yield Said(text(block.get("text")))
                case "tool_use":
                    tool, given = text(block.get("name")), mapping(block.get("input"))
                    self._calls[text(block.get("id"))] = (tool, given)
                    yield Called(tool, given)

    def _hear_tools(self, event: Mapping[str, Any]) -> Iterator[Report]:
        for block in objects(mapping(event.get("message")).get("content")):
            call = self._calls.pop(text(block.get("tool_use_id")), None)
            if call is None:
                continue
            tool, given = call
            answer = block.get("content")
            if block.get("is_error"):
                yield Told(f"{tool}: {str(answer)[:_MOST_TOLD_CHARACTERS]}")
            elif changes := read_todos(tool, given, event.get("tool_use_result") or answer):
                yield Listed(changes)


def _usage_of_message(told: Mapping[str, Any]) -> Usage:
    return Usage(
        input_tokens=sum(
            count(told.get(name))
            for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        ),
        output_tokens=count(told.get("output_tokens")),
        model_calls=1,
    )


def _usage_of_run(event: Mapping[str, Any]) -> Usage:
    """All models together, in this run: what a conversation cost before it was resumed was told then."""
    models = mapping(event.get("model_usage_since_last_result") or event.get("modelUsage"))
    usages = [mapping(usage) for usage in models.values()]
    kinds = ("inputTokens", "cacheCreationInputTokens", "cacheReadInputTokens")
    return Usage(
        input_tokens=sum(count(usage.get(kind)) for usage in usages for kind in kinds),
        output_tokens=sum(count(usage.get("outputTokens")) for usage in usages),
        cost_usd=sum(amount(usage.get("costUSD")) for usage in usages),
    )


def _end(event: Mapping[str, Any]) -> Ended:
    said = text(event.get("result"))
    if not event.get("is_error") and event.get("subtype") == "success":
        return Ended(text=said, is_deferred=event.get("stop_reason") == "tool_deferred")
    errors = event.get("errors")
    told = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
    return Ended(error=said or told or text(event.get("subtype")) or "it gave no reason")
