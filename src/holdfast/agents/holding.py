"""What of a role and of a plan's hooks holds with which agent program; what would not hold is refused, never left out."""

from __future__ import annotations

from holdfast.agents.roles import Role
from holdfast.model.kinds import PROGRAMS

HELD_TO_TOOLS = ("claude",)
"""The programs that can be kept from every tool but some."""
RUNNING_HOOKS = ("claude", "codex")
"""The programs that run hooks beside their users' own; Gemini takes hooks from its users' settings only."""


def wrong_with_role(agent: str, role: Role | None) -> tuple[str, str] | None:
    """Why an agent cannot be held to a role, and what to do.

    >>> wrong_with_role("claude", Role(name="reader", prompt="You read.", allowed_tools=["Read"]))
    >>> wrong_with_role("codex", Role(name="reader", prompt="You read.", allowed_tools=["Read"]))[0]
    'codex cannot be held to the allowed_tools of the role reader.'
    """
    if role is None or role.allowed_tools is None or not _is_without(agent, HELD_TO_TOOLS):
        return None
    told = f"{agent} cannot be held to the allowed_tools of the role {role.name}."
    return told, f"Name {' or '.join(HELD_TO_TOOLS)}, or a role without allowed_tools."


def wrong_with_hooks(agent: str) -> tuple[str, str] | None:
    """Why an agent would not run the hooks of a plan, and what to do.

    >>> wrong_with_hooks("gemini")[0]
    'gemini runs no hooks of a plan.'
    """
    if not _is_without(agent, RUNNING_HOOKS):
        return None
    told = f"{agent} runs no hooks of a plan."
    return told, f"Name {' or '.join(RUNNING_HOOKS)}, or put the command into verify."


def _is_without(agent: str, able: tuple[str, ...]) -> bool:
    """Commands and callables use no tools."""
    return agent in PROGRAMS and agent not in able
