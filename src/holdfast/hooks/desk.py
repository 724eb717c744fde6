"""What the handlers of one session's hooks work with."""

from __future__ import annotations

import dataclasses

from holdfast.config import Settings
from holdfast.hooks.keeper import Keeper
from holdfast.hooks.task import Task


@dataclasses.dataclass(kw_only=True)
class Desk:
    """One session's desk."""

    task: Task
    settings: Settings
    problem: str | None
    """Why the settings cannot be read: nobody knows which tools are gated."""
    keeper: Keeper
    is_told: bool = False
    """Whether the agent knows where it is; at a cold start the database answers only after the first hook's deadline."""
