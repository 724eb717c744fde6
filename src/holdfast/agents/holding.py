"""Which agent program can be held to a role; what would not hold is refused, never left out."""

from __future__ import annotations

from holdfast.agents.roles import Role, is_shell_pattern
from holdfast.model.kinds import PROGRAMS

HELD_TO_TOOLS = ("claude",)
"""The programs that can be kept from every tool but some."""


def wrong_with_role(agent: str, role: Role | None) -> tuple[str, str] | None:
    """Why an agent cannot be held to a role, and what to do.

    >>> wrong_with_role("claude", Role(name="reader", prompt="You read.", allowed_tools=["Read"]))
    >>> wrong_with_role("codex", Role(name="reader", prompt="You read.", allowed_tools=["Read"]))[0]
    'codex cannot be held to the allowed_tools of the role reader.'
    """
    if role is None or role.allowed_tools is None or agent not in PROGRAMS:
        return None
    if agent not in HELD_TO_TOOLS:
        told = f"{agent} cannot be held to the allowed_tools of the role {role.name}."
        return told, f"Name {' or '.join(HELD_TO_TOOLS)}, or a role without allowed_tools."
    patterned = (tool for tool in role.allowed_tools if "(" in tool and not is_shell_pattern(tool))
    if narrow := next(patterned, None):
        return (
            f"{agent} cannot be held to {narrow} of the role {role.name}.",
            "Name the tool alone; only Bash can be narrowed.",
        )
    return None
