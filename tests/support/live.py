"""Subscribers as tests need them: what they were given, and waiting until it is so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError
from holdfast.live.asking import asking
from holdfast.live.hub import Hub
from holdfast.live.outbox import Events, Outbox
from holdfast.live.subscription import Subscription
from holdfast.model.events import Event
from tests.support.feed import Key, key
from tests.support.patience import PATIENCE_SECONDS


class Client:
    """Takes what a subscription puts into its outbox, and keeps it."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.events: list[Event] = []
        self.groups: list[int] = []
        """How many events came at once, each time."""
        self.notices: list[dict[str, Any]] = []
        self.cursor = ""
        self.failed: HoldfastError | None = None

    @property
    def keys(self) -> list[Key]:
        return [key(event) for event in self.events]

    def told(self, type_: str) -> dict[str, Any]:
        """The newest notice of a type."""
        return [notice for notice in self.notices if notice["type"] == type_][-1]

    async def until(self, count: int) -> list[Event]:
        """Take until there are so many events."""
        while len(self.events) < count:
            await self.take()
        return self.events

    async def until_told(self, type_: str) -> dict[str, Any]:
        """Take until there is a notice of a type."""
        while not any(notice["type"] == type_ for notice in self.notices):
            await self.take()
        return self.told(type_)

    async def take(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for frame in await self.outbox.take():
                if isinstance(frame, Events):
                    self.groups.append(len(frame.group.items))
                    self.events += [item.event for item in frame.group.items]
                    self.cursor = str(frame.group.items[-1].cursor or self.cursor)
                else:
                    self.notices.append(frame.fields)
                    self.cursor = frame.fields["cursor"]


@asynccontextmanager
async def subscribed(
    hub: Hub,
    engine: PostgresEngine,
    venture_id: UUID,
    *,
    most_bytes: int = 1024 * 1024,
    **asked: Any,
) -> AsyncIterator[Client]:
    """A subscription that goes on while the block runs; nouns are given by their names."""
    given = {name: asked.pop(name) for name in list(asked) if name not in _OTHERS}
    wish = await asking(given, **asked).wish("a", venture_id, engine)
    client = Client(Outbox(most_bytes=most_bytes))
    subscription = Subscription(wish, hub=hub, outbox=client.outbox, reads=engine)

    async def run() -> None:
        try:
            await subscription.run()
        except HoldfastError as error:
            client.failed = error
            client.outbox.end(error)

    task = asyncio.create_task(run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


_OTHERS = ("kinds", "streams", "since", "positions", "epoch")
