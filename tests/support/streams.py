"""A client of the event stream that keeps what it was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.support.api import Server
from tests.support.feed import Key
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sockets import key_of


class EventSource:
    """Reads fields line by line, as the standard says."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self.keys: list[Key] = []
        self.last_id: str | None = None
        self.retry: int | None = None
        self._lines = lines

    async def hear(self) -> tuple[str, dict[str, Any]]:
        """The next message."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif "data" in fields:
                    return self._keep(fields)
                else:
                    self.retry = int(fields.pop("retry", self.retry or 0))
        raise ConnectionError("the stream has ended")

    async def until(self, type_: str) -> dict[str, Any]:
        """Hear until a message of a type."""
        while True:
            told, data = await self.hear()
            if told == type_:
                return data

    async def until_events(self, count: int) -> None:
        while len(self.events) < count:
            await self.hear()

    def _keep(self, fields: dict[str, str]) -> tuple[str, dict[str, Any]]:
        told = fields["event"], json.loads(fields["data"])
        self.last_id = fields.get("id", self.last_id)
        self.told.append(told)
        if fields["event"] == "event":
            event = told[1]["event"]
            self.events.append(event)
            self.keys.append(key_of(event))
        return told


@asynccontextmanager
async def listening(
    server: Server, *, role: str = "viewer", last_event_id: str | None = None, **params: str
) -> AsyncIterator[EventSource]:
    """A stream that is read while the block runs."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    async with server.client(role, timeout=httpx2.Timeout(30)) as client:
        async with client.stream(
            "GET", "/api/v1/live/events", params={"venture": "acme", **params}, headers=headers
        ) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield EventSource(answer.aiter_lines())
