"""Following the feed, wherever the engine is: on the database itself, or through a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.engine.postgres import PostgresEngine
from holdfast.live import tail
from holdfast.live.chunks import Item
from holdfast.live.cursor import Cursor
from holdfast.live.following import Following
from holdfast.live.tail import POLL_SECONDS, Tail


class Tailing(Protocol):
    """The events of a venture in order, each with the cursor behind it."""

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands; unset before it has taken up its position."""

    def __aiter__(self) -> AsyncGenerator[Item]:
        """Every event, for ever."""
        ...

    def backlog(self) -> AsyncGenerator[Item]:
        """Every event that there is by now."""
        ...


def follow(
    engine: Engine,
    *,
    venture_id: UUID | None,
    since: Cursor | str | None,
    poll_seconds: float = POLL_SECONDS,
    on_connect: Callable[[], None] = lambda: None,
    on_lost: Callable[[], None] = lambda: None,
) -> Tailing:
    """A tail of the events of one venture; of all that the caller sees where none is named. See `Tail`."""
    if isinstance(engine, PostgresEngine):
        return Tail(
            engine,
            venture_id=venture_id,
            since=since,
            poll_seconds=poll_seconds,
            on_connect=on_connect,
            on_lost=on_lost,
        )
    from holdfast.live.remote import RemoteTail, http  # noqa: PLC0415 - loads what speaks HTTP

    return RemoteTail(
        http(engine),
        asked={} if venture_id is None else {"venture": str(venture_id)},
        since=since,
        on_connect=on_connect,
        on_lost=on_lost,
    )


def follow_remotely(
    engine: Engine,
    venture: str,
    named: Mapping[str, str],
    *,
    kinds: Iterable[str],
    since: Cursor | str | None,
) -> Following:
    """What `hf.subscribe` gives through a server."""
    from holdfast.live.remote import RemoteFollowing, RemoteTail, http  # noqa: PLC0415

    asked = {"venture": venture, **named}
    if wanted := ",".join(kinds):
        asked["kinds"] = wanted
    return RemoteFollowing(RemoteTail(http(engine), asked=asked, since=since))


async def position(engine: Engine) -> Cursor:
    """Where the feed ends now: take it, read the state, tail from it, and nothing is missed."""
    if isinstance(engine, PostgresEngine):
        return await tail.position(engine)
    from holdfast.live.remote import http, position_of  # noqa: PLC0415

    return await position_of(http(engine))
