"""A lease: one row, one holder, one token."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from uuid import UUID


class LeaseKind(StrEnum):
    """What a lease can be on."""

    EXECUTION = "execution"
    SUPERVISOR = "supervisor"
    SESSION = "session"
    DIRECTIVE = "directive"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to write to one row, until it runs out or is taken."""

    kind: LeaseKind
    venture_id: UUID
    id: UUID
    epoch: int
    token: UUID

    @property
    def fence(self) -> dict[str, object]:
        """What every write under the lease carries."""
        return {"epoch": self.epoch, "token": self.token, "venture_id": self.venture_id}
