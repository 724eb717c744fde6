"""Events: every change, as it is told to the outside."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """One change. Within its stream its `seq` is one more than that of the event before."""

    venture_id: UUID
    stream: str
    stream_id: UUID
    seq: int
    xid: int
    type: str
    time: datetime
    actor: str | None
    data: dict[str, Any]

    def as_cloudevent(self) -> dict[str, Any]:
        """The same under the field names of CloudEvents 1.0 (https://github.com/cloudevents/spec)."""
        return {
            "specversion": "1.0",
            "id": f"{self.stream_id}:{self.seq}",
            "source": f"/ventures/{self.venture_id}/{self.stream}s/{self.stream_id}",
            "type": f"holdfast.{self.type}",
            "subject": f"{self.stream}/{self.stream_id}",
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "sequence": str(self.seq),
            "data": self.data,
        }
