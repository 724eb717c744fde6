"""The feed through a server: its event stream, resumed from the last cursor after every loss."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from holdfast.engine.backoff import Backoff
from holdfast.engine.calls import Engine
from holdfast.engine.http import HttpEngine
from holdfast.errors import DatabaseUnavailable
from holdfast.live.chunks import Item
from holdfast.live.cursor import Cursor, FeedReset
from holdfast.live.following import Following
from holdfast.model.events import Event

PATH = "/api/v1/live/events"

logger = logging.getLogger("holdfast")


class RemoteTail:
    """The events of one venture through a server: an async iterator of `(Event, Cursor)`, as `Tail`."""

    def __init__(
        self,
        engine: HttpEngine,
        *,
        asked: Mapping[str, str],
        since: Cursor | str | None,
        on_connect: Callable[[], None] = lambda: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._asked = dict(asked)
        self._from_start = since == "start"
        self._cursor = Cursor.parse(since) if isinstance(since, str) and since != "start" else None
        if isinstance(since, Cursor):
            self._cursor = since
        self._on_connect = on_connect
        self._on_lost = on_lost

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands; unset before it has taken up its position."""
        return self._cursor

    def __aiter__(self) -> AsyncGenerator[Item]:
        """Every event, for ever."""
        return self._follow(endless=True)

    def backlog(self) -> AsyncGenerator[Item]:
        """Every event that there is by now; ends where iterating the tail itself would wait."""
        return self._follow(endless=False)

    async def _follow(self, *, endless: bool) -> AsyncGenerator[Item]:
        backoff = Backoff()
        while True:
            try:
                async with aclosing(self._engine.stream(PATH, self._parameters())) as messages:
                    is_connected = False
                    async for message in messages:
                        backoff.succeeded()
                        if message.id:
                            self._cursor = Cursor.parse(message.id)
                        if not is_connected:
                            is_connected = True
                            self._on_connect()
                        if message.event == "event" and self._cursor is not None:
                            yield (
                                Event.of_cloudevent(json.loads(message.data)["event"]),
                                self._cursor,
                            )
                        elif message.event == "reset":
                            raise FeedReset(json.loads(message.data)["reason"])
                        elif message.event == "caught_up" and not endless:
                            return
            except DatabaseUnavailable as error:
                logger.warning("The feed waits for the server: %s", error)
            self._on_lost()
            await backoff.wait()

    def _parameters(self) -> dict[str, str]:
        if self._cursor is not None:
            return self._asked | {"since": str(self._cursor)}
        return self._asked | ({"since": "start"} if self._from_start else {})


class RemoteFollowing(Following):
    """`hf.subscribe(…)` through a server."""

    def __init__(self, tail: RemoteTail) -> None:
        self._tail = tail
        self._cursor: Cursor | None = None
        self._events: AsyncGenerator[Event] | None = None

    async def _each(self) -> AsyncGenerator[Event]:
        async with aclosing(aiter(self._tail)) as items:
            async for event, cursor in items:
                self._hold(cursor)
                yield event


def http(engine: Engine) -> HttpEngine:
    """The engine, which is one that speaks HTTP."""
    assert isinstance(engine, HttpEngine)
    return engine


async def position_of(engine: HttpEngine) -> Cursor:
    """Where the feed ends now."""
    async with aclosing(engine.stream(PATH, {})) as messages:
        async for message in messages:
            if message.id:
                return Cursor.parse(message.id)
    raise DatabaseUnavailable(f"The server at {engine.url} does not say where its feed ends.")
