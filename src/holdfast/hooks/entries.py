"""Which entries of a configuration file are ours: those that run our command and do nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from holdfast.hooks.programs.program import COMMAND, HOOK_COMMAND, Program

_HANDLER_KEYS = {"type", "command", "timeout", "name"}
_SERVER_KEYS = {"type", "command", "args"}


def our_handlers(settings: Any, program: Program) -> Iterator[tuple[str, int, int]]:
    """Where our handlers stand: event, place of the group, place in the group; the last ones first.

    Who takes them out in this order finds the others where they were.
    """
    events = settings.get("hooks") if isinstance(settings, dict) else None
    for event, groups in events.items() if isinstance(events, dict) else ():
        for at, group in reversed(list(enumerate(groups if isinstance(groups, list) else ()))):
            for place, handler in reversed(list(enumerate(handlers_of(group)))):
                if is_our_handler(handler, program):
                    yield event, at, place


def handlers_of(group: Any) -> list[Any]:
    """The handlers of a group, whatever stands there."""
    handlers = group.get("hooks") if isinstance(group, dict) else None
    return handlers if isinstance(handlers, list) else []


def is_our_handler(handler: Any, program: Program) -> bool:
    """Whether a handler runs our hook for this program and nothing else.

    >>> from holdfast.hooks.programs import CLAUDE
    >>> is_our_handler({"type": "command", "command": "holdfast-hook claude"}, CLAUDE)
    True
    >>> is_our_handler({"type": "command", "command": "holdfast-hook claude || true"}, CLAUDE)
    False
    """
    return (
        isinstance(handler, dict)
        and handler.keys() <= _HANDLER_KEYS
        and _runs(handler.get("command"), HOOK_COMMAND, program.name)
    )


def is_our_status_line(value: Any, program: Program) -> bool:
    """Whether a status line is ours."""
    return isinstance(value, dict) and _runs(
        value.get("command"), HOOK_COMMAND, program.name, "statusline"
    )


def is_our_server(value: Any) -> bool:
    """Whether an MCP server is ours."""
    return (
        isinstance(value, dict)
        and value.keys() <= _SERVER_KEYS
        and isinstance(value.get("command"), str)
        and _is_named(value["command"], COMMAND)
        and value.get("args") == ["mcp"]
    )


def _runs(command: Any, name: str, *arguments: str) -> bool:
    try:
        first, *rest = shlex.split(command) if isinstance(command, str) else []
    except ValueError:  # no words, or a quote that is not closed
        return False
    return _is_named(first, name) and tuple(rest) == arguments


def _is_named(command: str, name: str) -> bool:
    """The bare name, or an absolute path that ends with it."""
    path = PurePath(command)
    return command == name or (path.is_absolute() and path.name == name)
