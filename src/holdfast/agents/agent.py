"""What every kind of agent is, and how its work can end."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol, TypeAlias

from holdfast.executions.run import Run


@dataclasses.dataclass(frozen=True)
class Done:
    """The work is done; the result is JSON."""

    result: Any


@dataclasses.dataclass(frozen=True)
class Failed:
    """The work failed; what it gave all the same is kept."""

    error: str
    result: Any = None


@dataclasses.dataclass(frozen=True)
class Cancelled:
    """The agent gave up for a reason that is not the work's; another worker may take it."""

    reason: str


@dataclasses.dataclass(frozen=True)
class Postponed:
    """The work waits for something; it is taken up again later, and this attempt does not count."""

    reason: str
    seconds: float


Outcome: TypeAlias = Done | Failed | Cancelled | Postponed


class Agent(Protocol):
    """One kind of agent."""

    async def run(self, run: Run, given: Any) -> Outcome:
        """Do the work; cancelled when the lease is lost or the worker stops, and must leave nothing running then."""
        ...
