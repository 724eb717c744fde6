"""`StatusBroadcaster`: the feed for users who know the older system's names."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import BY_SQLSTATE, InvalidValue, NotFound
from holdfast.live.following import Following
from holdfast.model.events import Event

Callback: TypeAlias = Callable[[Event], Awaitable[None] | None]
MOST_LISTED = 1000


class StatusBroadcaster:
    """Subscribe to a venture's updates, broadcast one, and see who listens.

    Every change of the engine is broadcast by itself: `broadcast` changes an execution's activity or progress, and
    whoever subscribed, in whichever process, is told of it.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        follow: Callable[[str | None], Following],
        find_venture: Callable[[str | None], Awaitable[UUID]],
    ) -> None:
        self._engine = engine
        self._follow = follow
        self._find_venture = find_venture
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def subscribe(self, callback: Callback, *, venture: str | None = None) -> UUID:
        """Call a function, or await it, with every event from now on; gives the subscription's id."""
        await self._find_venture(venture)
        following = self._follow(venture)
        await following.ready()
        id_ = uuid.uuid4()
        self._tasks[id_] = asyncio.create_task(
            _tell(following, callback), name="holdfast broadcast"
        )
        return id_

    async def unsubscribe(self, subscription_id: UUID) -> None:
        """End a subscription; raises `NotFound` where there is none of that id."""
        task = self._tasks.pop(subscription_id, None)
        if task is None:
            raise NotFound(
                f"There is no subscription {subscription_id} here.",
                hint="Give the id that subscribe returned in this process.",
            )
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def broadcast(
        self,
        execution_id: UUID,
        *,
        activity: str | None = None,
        completed: int | None = None,
        total: int | None = None,
        venture: str | None = None,
    ) -> None:
        """Change what an execution is doing; every subscriber is told once it is on disk."""
        refused = await self._engine.call(
            "save_executions",
            execution_ids=[execution_id],
            epochs=[None],
            tokens=[None],
            activities=[activity],
            completed=[completed],
            totals=[total],
            venture_id=await self._find_venture(venture),
        )
        for row in refused:
            raise BY_SQLSTATE.get(row["code"], InvalidValue)(row["reason"])

    async def active_subscriptions(self, *, venture: str | None = None) -> list[dict[str, Any]]:
        """Who follows a venture, in every process; a new one is listed after a second."""
        rows = await self._engine.read(
            "active_subscriptions", await self._find_venture(venture), MOST_LISTED
        )
        return [dict(row) for row in rows]

    async def close(self) -> None:
        """End all subscriptions; closing twice is safe."""
        for id_ in list(self._tasks):
            await self.unsubscribe(id_)


async def _tell(following: Following, callback: Callback) -> None:
    async with following:
        async for event in following:
            answer = callback(event)
            if inspect.isawaitable(answer):
                await answer
