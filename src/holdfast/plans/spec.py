"""What a plan says, as its file says it."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """A command whose success shows that a step is done."""

    command: tuple[str, ...]
    timeout_seconds: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """What a person decides before the step's work begins."""

    message: str
    options: tuple[str, ...] = ("approve", "reject")
    approve: tuple[str, ...] = ("approve",)
    show: str | None = None
    """A file, relative to the work folder, whose text the question carries."""
    expires_in_hours: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoBack:
    """Where a failed step sends the plan back to, and how often at most."""

    to: str
    at_most: int = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step."""

    id: str
    title: str
    active_form: str | None = None
    role: str | None = None
    agent: str = "command"
    command: tuple[str, ...] = ()
    prompt: str | None = None
    """What an agent program is asked to do."""
    model: str | None = None
    input: dict[str, Any] = dataclasses.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    gate: Gate | None = None
    verify: Verification | None = None
    retries: int = 0
    timeout_seconds: float | None = None
    on_failure: GoBack | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan, checked."""

    name: str
    steps: tuple[Step, ...]
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    max_parallel: int | None = None
