"""What a program's stream says, put into the execution that it works for."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import Any

from holdfast.agents._json import read_event
from holdfast.agents.reports import (
    Began,
    Called,
    Ended,
    Listed,
    Report,
    Said,
    Stream,
    Told,
    Usage,
    Used,
)
from holdfast.errors import DatabaseUnavailable, LeaseLost, Refused
from holdfast.executions.run import Run
from holdfast.model.states import LogLevel
from holdfast.model.todos import TODO_TOOLS, TodoChanges
from holdfast.telemetry import spans

# Where an execution keeps the id of its program's conversation.
SESSION_KEY = "program_session_id"
_MOST_GIST_CHARACTERS = 300
_MOST_UNREAD_CHARACTERS = 500
# What says most of a tool call, of whichever program.
_TELLING = (
    "command",
    "cmd",
    "file_path",
    "path",
    "pattern",
    "query",
    "url",
    "description",
    "prompt",
)


class Conversation:
    """One run of a program: listens, and remembers how it ended."""

    def __init__(self, run: Run, stream: Stream) -> None:
        self._run = run
        self._stream = stream
        self._owed = Usage()
        self._used = Usage()
        self._unsaid = ""
        self._text = ""
        self.has_begun = False
        self.end: Ended | None = None

    @property
    def text(self) -> str:
        """What the program gave in the end."""
        return (self.end.text if self.end else None) or self._text

    async def hear(self, line: str) -> None:
        """Take one line of the program's output."""
        if not line.strip():
            return
        event = read_event(line)
        if event is None:
            told = f"This line is no JSON: {line[:_MOST_UNREAD_CHARACTERS]}"
            self._run.log(told, level=LogLevel.WARNING)
            return
        for report in self._stream.hear(event):
            await self._take(report)

    async def close(self) -> None:
        """Log what was said last, and settle what is owed."""
        self._say()
        if self._owed != Usage():
            await self._run.meter(**dataclasses.asdict(self._owed))
            self._owed = Usage()

    async def _take(self, report: Report) -> None:
        if not isinstance(report, Said):
            self._say()
        match report:
            case Began(session_id):
                await self._begin(session_id)
            case Said(text, is_part):
                if not is_part:
                    self._say()
                self._unsaid += text
            case Called(tool, given):
                self._call(tool, given)
            case Told(text, level):
                self._run.log(text, level=level)
            case Listed(changes):
                await self._list(changes)
            case Used(usage):
                self._owed += usage
                self._tell_all_used(usage)
                await self._pay()
            case Ended():
                self.end = report

    async def _begin(self, session_id: str) -> None:
        self.has_begun = True
        spans.conversation_began(session_id)
        if session_id and session_id != self._run.metadata.get(SESSION_KEY):
            await self._run.annotate(**{SESSION_KEY: session_id})

    def _call(self, tool: str, given: Any) -> None:
        self._owed += Usage(tool_calls=1)
        spans.tool_called(tool)
        if tool not in TODO_TOOLS:
            told = f"{tool}: {_gist(given)}"
            self._run.activity(told)
            self._run.log(told)

    async def _list(self, changes: TodoChanges) -> None:
        # What was said before travels in batches; it must not arrive after.
        await self._run.flush()
        try:
            await self._run.record_todos(changes)
        except LeaseLost:
            raise
        except Refused as error:  # a list that is too long does not fail the work
            self._run.log(f"The todo list was not kept: {error}", level=LogLevel.WARNING)

    def _say(self) -> None:
        """Log what the model said, once it is whole."""
        if self._unsaid.strip():
            self._text = self._unsaid.strip()
            self._run.log(self._text)
        self._unsaid = ""

    def _tell_all_used(self, usage: Usage) -> None:
        self._used += usage
        spans.used(input_tokens=self._used.input_tokens, output_tokens=self._used.output_tokens)

    async def _pay(self) -> None:
        """Meter what is owed; with the database away it is owed until later."""
        with contextlib.suppress(DatabaseUnavailable):
            await self._run.meter(**dataclasses.asdict(self._owed))
            self._owed = Usage()


def _gist(given: Any) -> str:
    """What a tool was given, on one line."""
    if isinstance(given, dict):
        given = next((given[name] for name in _TELLING if given.get(name)), given)
    told = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return " ".join(told.split())[:_MOST_GIST_CHARACTERS]
