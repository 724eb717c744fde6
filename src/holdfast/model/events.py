"""Events: what changed, in order."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """One change of one stream; `seq` is 1, 2, 3 … within the stream, without a gap."""

    venture_id: UUID
    stream: str
    stream_id: UUID
    seq: int
    xid: int
    type: str
    time: datetime
    actor: str | None
    data: dict[str, Any]

    @classmethod
    def of_cloudevent(cls, fields: dict[str, Any]) -> Event:
        """The event that a CloudEvent of ours says; it does not say the transaction."""
        stream_id, _, seq = fields["id"].rpartition(":")
        _, _, venture_id, stream = fields["source"].split("/")
        return cls(
            venture_id=UUID(venture_id),
            stream=stream,
            stream_id=UUID(stream_id),
            seq=int(seq),
            xid=0,
            type=fields["type"],
            time=datetime.fromisoformat(fields["time"]),
            actor=fields.get("actor"),
            data=fields["data"],
        )

    def as_cloudevent(self) -> dict[str, Any]:
        """The event under the field names of CloudEvents 1.0; `actor` is an extension of ours.

        `sequence` is text that sorts as the number does, as its extension asks.
        """
        fields: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"{self.stream_id}:{self.seq}",
            "source": f"/holdfast/{self.venture_id}/{self.stream}",
            "type": self.type,
            "subject": str(self.stream_id),
            "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "sequence": f"{self.seq:019d}",
            "data": self.data,
        }
        return fields if self.actor is None else fields | {"actor": self.actor}
