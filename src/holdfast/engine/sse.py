"""Server-sent events as a client reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterable


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """One message of an event stream."""

    event: str
    data: str
    id: str


async def messages(lines: AsyncIterable[str]) -> AsyncGenerator[Message]:
    """The messages that lines make up; comments, which are heartbeats, are none."""
    fields: dict[str, list[str]] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name:
                fields.setdefault(name, []).append(value.removeprefix(" "))
        else:
            if "data" in fields:  # one without is for the reader itself, such as `retry`
                yield Message(
                    event=_last(fields, "event") or "message",
                    data="\n".join(fields["data"]),
                    id=_last(fields, "id"),
                )
            fields = {}


def _last(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[-1]
