"""Gemini CLI: how it is started, resumed and listened to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.agents._choosing import Choosing
from holdfast.agents._gemini_hooks import HOME, gemini_home
from holdfast.agents._json import count, mapping, text
from holdfast.agents.reports import Began, Called, Ended, Listed, Report, Said, Told, Usage, Used
from holdfast.agents.task import Task
from holdfast.model.todos import read_todos

_FORMAT = ("--output-format", "stream-json")


class Gemini(Choosing):
    """Gemini CLI without a person at it; it has no tools that would need one."""

    name = "gemini"
    title = "Gemini CLI"

    async def prepare(self, task: Task, *, cwd: str | None, environment: Mapping[str, str]) -> Task:
        """The task with the hooks of its plan."""
        home = gemini_home(task.hooks, cwd=cwd, environment=environment)
        told = {} if home is None else {HOME: str(home)}
        return dataclasses.replace(task, environment=told)

    def stream(self) -> GeminiStream:
        """What listens to one run."""
        return GeminiStream()

    def _line(self, task: Task, *conversation: str) -> list[str]:
        model = ["--model", task.model] if task.model else []
        prompt = f"--prompt={task.whole_prompt}"
        return [self._command, *_FORMAT, *conversation, *model, *self._flags, prompt]


class GeminiStream:
    """Understands `--output-format stream-json`."""

    def hear(self, event: Mapping[str, Any]) -> Iterator[Report]:
        """What an event reports."""
        match event.get("type"):
            case "init":
                yield Began(text(event.get("session_id")))
            case "message" if event.get("role") == "assistant":
                yield Said(text(event.get("content")), is_part=bool(event.get("delta")))
            case "tool_use":
                tool, given = text(event.get("tool_name")), mapping(event.get("parameters"))
                yield Called(tool, given)
                if changes := read_todos(tool, given, None):
                    yield Listed(changes)
            case "tool_result" if event.get("status") == "error":
                yield Told(text(event.get("output"))[:500] or "a tool failed")
            case "error":
                yield Told(text(event.get("message")))
            case "result":
                yield Used(_usage(mapping(event.get("stats"))))
                yield _end(event)


def _usage(told: Mapping[str, Any]) -> Usage:
    return Usage(
        input_tokens=count(told.get("input_tokens")), output_tokens=count(told.get("output_tokens"))
    )


def _end(event: Mapping[str, Any]) -> Ended:
    if event.get("status") == "success":
        return Ended()
    told = text(mapping(event.get("error")).get("message"))
    return Ended(error=told or "it gave no reason")
