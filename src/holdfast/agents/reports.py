"""What an agent program reports in its stream of JSON lines, in words that all of them share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from holdfast.model.states import LogLevel
from holdfast.model.todos import TodoChanges


@dataclasses.dataclass(frozen=True, kw_only=True)
class Usage:
    """What was used; added up in the execution's metrics."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    model_calls: int = 0
    tool_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in _USAGE})

    def __sub__(self, other: Usage) -> Usage:
        """What is left of a total when a part of it has been told; never less than nothing."""
        return Usage(
            **{name: max(0, getattr(self, name) - getattr(other, name)) for name in _USAGE}
        )


_USAGE = tuple(field.name for field in dataclasses.fields(Usage))


@dataclasses.dataclass(frozen=True)
class Began:
    """The program has its conversation; with this id it can be resumed."""

    session_id: str


@dataclasses.dataclass(frozen=True)
class Said:
    """The model said something; the last one is the result."""

    text: str
    is_part: bool = False
    """Whether it goes on where the last one ended."""


@dataclasses.dataclass(frozen=True)
class Called:
    """A tool was called."""

    tool: str
    given: Any


@dataclasses.dataclass(frozen=True)
class Told:
    """Something for the log."""

    text: str
    level: LogLevel = LogLevel.WARNING


@dataclasses.dataclass(frozen=True)
class Listed:
    """The todo list changed."""

    changes: TodoChanges


@dataclasses.dataclass(frozen=True)
class Used:
    """Tokens and money were used."""

    usage: Usage


@dataclasses.dataclass(frozen=True)
class Ended:
    """The program's work is over: with a text, or with an error."""

    text: str | None = None
    error: str | None = None
    is_deferred: bool = False
    """Whether it waits for a person's answer to a tool call, which it carries out when it is resumed."""


Report: TypeAlias = Began | Said | Called | Told | Listed | Used | Ended


class Stream(Protocol):
    """Understands the events of one run of a program; what it does not know it leaves out."""

    def hear(self, event: Mapping[str, Any]) -> Iterable[Report]:
        """What an event reports."""
        ...
