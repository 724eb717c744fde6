"""How an execution's kind is written: `command`, an agent program's name, or `callable:` and a registered function's."""

from __future__ import annotations

COMMAND = "command"
PROGRAMS = ("claude", "codex", "gemini")
CALLABLE_PREFIX = "callable:"


def kind_of(agent: str) -> str:
    """The kind of an agent as people name it.

    >>> kind_of("command"), kind_of("claude"), kind_of("review")
    ('command', 'claude', 'callable:review')
    """
    return agent if agent == COMMAND or agent in PROGRAMS else CALLABLE_PREFIX + agent
