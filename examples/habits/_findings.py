"""What a review finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that one object breaks; open until it is waived with a reason."""

    rule: str
    object: str
    message: str
    source: Literal["squawk", "catalogue"]
    line: int | None = None
    waived: str | None = None

    def told(self) -> str:
        """The finding as a person reads it."""
        where = f"line {self.line}" if self.line else "the applied schema"
        return f"{self.rule}: {self.object} ({where}): {self.message}"
