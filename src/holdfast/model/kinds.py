"""How an execution's kind is written: `command`, or `callable:` and the name of a registered function."""

from __future__ import annotations

COMMAND = "command"
CALLABLE_PREFIX = "callable:"


def kind_of(agent: str) -> str:
    """The kind of an agent as people name it.

    >>> kind_of("command"), kind_of("review")
    ('command', 'callable:review')
    """
    return COMMAND if agent == COMMAND else CALLABLE_PREFIX + agent
