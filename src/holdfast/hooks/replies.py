"""What a hook answers, and how it is written for the program that asked."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeAlias

from holdfast.hooks.events import HookEvent


@dataclasses.dataclass(frozen=True)
class Pass:
    """Nothing to say."""


@dataclasses.dataclass(frozen=True)
class Missed(Pass):
    """Nothing to say, because it could not do its work."""


@dataclasses.dataclass(frozen=True)
class Tell:
    """Goes into the model's context."""

    text: str


@dataclasses.dataclass(frozen=True)
class Notify:
    """Shown to the person, not to the model."""

    text: str


@dataclasses.dataclass(frozen=True)
class Refuse:
    """What was to be done is not done; the text says why and what next."""

    text: str


@dataclasses.dataclass(frozen=True)
class Allow:
    """A tool call that a person has approved runs without being asked about again."""

    text: str


@dataclasses.dataclass(frozen=True)
class Defer:
    """The program may end; the tool call is decided when it comes back."""

    text: str


@dataclasses.dataclass(frozen=True)
class GoOn:
    """The agent does not stop: this is what it does next."""

    text: str


@dataclasses.dataclass(frozen=True)
class Print:
    """A line as it is, for the status line."""

    text: str


Reply: TypeAlias = Pass | Tell | Notify | Refuse | Allow | Defer | GoOn | Print
REFUSED = 2  # the exit code that refuses, in all three programs


def write(event: HookEvent, reply: Reply) -> dict[str, Any]:
    r"""What the hook prints and exits with.

    >>> event = HookEvent(moment="stop", name="Stop")
    >>> write(event, GoOn("next: SD-2"))
    {'stdout': '{"decision": "block", "reason": "next: SD-2"}'}
    >>> write(event, Refuse("SD-1 is held by b"))
    {'stderr': 'SD-1 is held by b\n', 'exit': 2}
    """
    match reply:
        case Pass():
            return {}
        case Refuse(text):
            return {"stderr": text + "\n", "exit": REFUSED}
        case Print(text):
            return {"stdout": text}
        case Tell(text):
            return _specific(event, additionalContext=text)
        case Notify(text):
            return _printed(systemMessage=text)
        case Allow(text):
            return _decided(event, "allow", text)
        case Defer(text):
            return _decided(event, "defer", text)
        case GoOn(text):
            return _printed(decision="block", reason=text)


def _decided(event: HookEvent, decision: str, reason: str) -> dict[str, Any]:
    return _specific(event, permissionDecision=decision, permissionDecisionReason=reason)


def _specific(event: HookEvent, **values: str) -> dict[str, Any]:
    return _printed(hookSpecificOutput={"hookEventName": event.name, **values})


def _printed(**values: Any) -> dict[str, Any]:
    return {"stdout": json.dumps(values, ensure_ascii=False)}
