"""What an examination finds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or that a person should know."""

    what: str
    next_step: str
    is_wrong: bool = True
    """Whether something does not work for it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """One handler of ours where it stands in a file."""

    file: Path
    event: str
    at: int
    place: int
    matcher: str | None
    handler: dict[str, Any]
