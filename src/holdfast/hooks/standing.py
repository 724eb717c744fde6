"""Whether a session may go on."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias


@dataclasses.dataclass(frozen=True)
class Holding:
    """The session is this process's, and so is what it holds."""


@dataclasses.dataclass(frozen=True)
class Unsure:
    """The database does not answer, and the lease is older than it lasts."""

    why: str


@dataclasses.dataclass(frozen=True)
class Denied:
    """Somebody else has it; the text says who."""

    why: str
    is_claim: bool = False
    """Whether it is only what the session held that is lost: once a person was told, it may go on with other work."""


Standing: TypeAlias = Holding | Unsure | Denied
