"""`hf.subscribe(…)`: the events of a venture, or of one thing in it, for a program."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import TracebackType

from holdfast.errors import HoldfastError
from holdfast.live.cursor import Cursor, FeedReset
from holdfast.live.hub import Hub
from holdfast.live.items import Item
from holdfast.live.outbox import Events, Frame, Outbox, TooSlow
from holdfast.live.reads import Reads
from holdfast.live.subscription import Subscription, Wish
from holdfast.model.events import Event


class Following:
    """An async iterator of events; `cursor` is where to go on after a loss.

    A program that reads slowly is not cut off: what does not fit into memory is read again from the database.
    """

    def __init__(self, wish: Callable[[], Awaitable[Wish]], *, hub: Hub, reads: Reads) -> None:
        self._wish = wish
        self._hub = hub
        self._reads = reads
        self._cursor: Cursor | None = None
        self._events: AsyncGenerator[Event] | None = None

    @property
    def cursor(self) -> Cursor | None:
        """Behind the newest event that was taken; unset before the first one."""
        return self._cursor

    def __aiter__(self) -> Following:
        return self

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            FeedReset: what comes next is no longer kept, or the history is another one.
            NotFound: what it is about is not there.
        """
        if self._events is None:
            self._events = self._each()
        return await anext(self._events)

    async def __aenter__(self) -> Following:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def ready(self) -> None:
        """Take up the position: what happens after this is not missed."""
        if self._cursor is None:
            self._cursor = await self._hub.settled()

    async def aclose(self) -> None:
        """End it; closing twice is safe."""
        events, self._events = self._events, None
        if events is not None:
            await events.aclose()

    async def _each(self) -> AsyncGenerator[Event]:
        while True:
            outbox = Outbox()
            task = asyncio.create_task(self._run(outbox), name="holdfast subscription")
            try:
                while True:
                    for frame in await outbox.take():
                        for item in self._items(frame):
                            self._hold(item.cursor)
                            yield item.event
            except TooSlow:  # go on from where the program is
                continue
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _run(self, outbox: Outbox) -> None:
        try:
            wish = await self._wish()
            if self._cursor is not None:
                wish = dataclasses.replace(wish, since=self._cursor, from_start=False)
            await Subscription(wish, hub=self._hub, outbox=outbox, reads=self._reads).run()
        except HoldfastError as error:
            outbox.end(error)

    def _items(self, frame: Frame) -> tuple[Item, ...]:
        if isinstance(frame, Events):
            return frame.group.items
        if frame.fields["type"] == "reset":
            raise FeedReset(frame.fields["reason"])
        self._hold(Cursor.parse(frame.fields["cursor"]))
        return ()

    def _hold(self, cursor: Cursor | None) -> None:
        self._cursor = cursor or self._cursor
