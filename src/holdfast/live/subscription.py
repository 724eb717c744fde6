"""One subscription: brought up to date from where it was, then given every event as it happens."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

from holdfast.engine.backoff import patiently
from holdfast.engine.postgres import Row
from holdfast.errors import NotFound
from holdfast.live.cursor import START, Cursor, FeedReset
from holdfast.live.hub import Hub
from holdfast.live.items import Group, Item, in_pieces
from holdfast.live.outbox import Events, Notice, Outbox
from holdfast.live.reader import User
from holdfast.live.reads import Reads
from holdfast.live.register import Entry
from holdfast.live.scope import Scope
from holdfast.live.stream import read_stream

MOST_STATES = 100
# A client that takes longer to read must not hold up a connection to the database.
PATIENCE_SECONDS = 0.5
# How far another gateway's feed may be ahead of ours before we ask the database whether that can be.
AHEAD_SECONDS = 2.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """What a client asks for."""

    id: str
    scope: Scope
    since: Cursor | None = None
    from_start: bool = False
    positions: Mapping[UUID, int] = dataclasses.field(default_factory=dict)
    """Of single streams: the seq of the last event that the client has."""
    epoch: str | None = None
    """The history that the positions are of."""


class Subscription:
    """What a client asked for, from then on; its frames go into the client's outbox."""

    def __init__(
        self,
        wish: Wish,
        *,
        hub: Hub,
        outbox: Outbox,
        reads: Reads,
        user: User | None = None,
        entry: Entry | None = None,
    ) -> None:
        self.wish = wish
        self._hub = hub
        self._outbox = outbox
        self._reads = reads
        self._user = user
        self._entry = entry or Entry(scope=wish.scope, user=None, transport="python")
        self._floors: dict[str, int] = {}
        self._reset_for: str | None = None
        self._woken = asyncio.Event()
        self._told: Cursor | None = None
        self._selection = hub.switchboard.need(wish.scope)

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            NotFound: what it is about is not there, or not for this user.
        """
        self._hub.register.add(self._entry)
        try:
            cursor = await self._begin()
            while True:
                await self._join(cursor)
                await self._woken.wait()
                self._woken.clear()
                self._selection.receivers.discard(self)
                cursor = await self._reset(self._reset_for or "the feed was begun anew")
        finally:
            self._hub.register.remove(self._entry)
            self._selection.receivers.discard(self)
            self._hub.switchboard.let_go(self._selection)

    def receive(self, group: Group) -> None:
        """Take what one step of the feed brought."""
        if self._floors:
            items = [item for item in group.items if not self._has(item)]
            group = Group(items)
        if group.items:
            self._outbox.put(Events(subscription=self.wish.id, group=group))

    def begin_anew(self, reason: str) -> None:
        """The feed was begun anew: the client must read the state."""
        self._reset_for = reason
        self._woken.set()

    def mark(self) -> None:
        """Tell the client where it stands if that has changed, so that a quiet one does not fall behind."""
        cursor = self._hub.cursor
        if cursor is not None and self in self._selection.receivers and cursor != self._told:
            self._tell_position(cursor)

    async def _begin(self) -> Cursor:
        here = await self._hub.settled()
        cursor = self.wish.since or here
        if self.wish.from_start:
            cursor = Cursor(epoch=here.epoch, seen=START)
        self._notice("subscribed", cursor=str(cursor))
        await self._load()
        if self.wish.positions:
            return await self._by_positions(here)
        return cursor

    async def _load(self) -> None:
        """Who belongs to it; asked for after the position was taken, so that who joins later is heard of."""
        if not self._selection.is_loaded:
            scope = self.wish.scope
            rows = await self._read("live_members", scope.venture_id, scope.noun, scope.id)
            if not rows:
                raise NotFound(
                    f"There is no {scope.noun} {scope.id}.", hint="Check the id and the venture."
                )
            self._hub.switchboard.load(self._selection, [str(row["id"]) for row in rows])

    async def _join(self, cursor: Cursor) -> None:
        """Catch up, and be given what happens from there."""
        while True:
            try:
                await self._catch_up(cursor)
                break
            except FeedReset as reset:
                cursor = await self._reset(reset.reason)
        self._selection.receivers.add(self)
        self._tell_position(await self._hub.settled())

    async def _catch_up(self, cursor: Cursor) -> None:
        """Deliver what lies between a cursor and the hub's place; returns in the moment when nothing does."""
        while True:
            here = await self._hub.settled()
            if cursor.epoch != here.epoch:
                raise FeedReset("the history of events is another one, as after restoring a backup")
            if cursor == here:
                return
            cursor = await self._go_on(cursor, here)

    async def _go_on(self, cursor: Cursor, here: Cursor) -> Cursor:
        furthest = cursor.seen if cursor.part is None else cursor.part.end
        if not here.seen.covers(furthest):
            await self._wait_for_the_hub(cursor)
            return cursor
        items = self._hub.ring.between(cursor, here.seen, self.wish.scope.venture_id)
        if items is None:
            return await self._replay(cursor, here)
        await self._offer(self._pieces(items))
        return here

    async def _wait_for_the_hub(self, cursor: Cursor) -> None:
        """The client was served by a gateway whose feed is ahead of ours."""
        try:
            async with asyncio.timeout(AHEAD_SECONDS):
                await self._hub.moved()
        except TimeoutError:
            await patiently(lambda: self._hub.replays.require_kept(cursor))

    async def _replay(self, cursor: Cursor, here: Cursor) -> Cursor:
        """Deliver from the database, as far as the client can take it at once."""
        pieces: deque[Group] = deque()

        async def replay() -> None:
            nonlocal cursor, pieces
            venture_id = self.wish.scope.venture_id
            chunks = self._hub.replays.chunks(
                cursor, here.seen, venture_id=venture_id, user=self._user
            )
            async with aclosing(chunks):
                async for chunk in chunks:
                    cursor = chunk.cursor
                    pieces = self._pieces(Item(event, behind) for event, behind in chunk.items())
                    with suppress(TimeoutError):
                        async with asyncio.timeout(PATIENCE_SECONDS):
                            await self._offer(pieces)
                    if pieces:
                        return

        await patiently(replay)
        await self._offer(pieces)
        return cursor

    def _pieces(self, items: Iterable[Item]) -> deque[Group]:
        wanted = (item for item in items if self._selection.wants(item))
        return in_pieces(wanted, most_bytes=self._outbox.piece_bytes)

    async def _offer(self, pieces: deque[Group]) -> None:
        """Put in one piece after the other as there is room; what is left, when cancelled, was not put in."""
        while pieces:
            await self._outbox.wait_for_room()
            self.receive(pieces.popleft())

    async def _by_positions(self, here: Cursor) -> Cursor:
        """Go on from the seq of each stream; what the hub has not come to yet, it will bring itself."""
        if self.wish.epoch != here.epoch:
            return await self._reset("the positions are of another history of events")
        self._floors = {str(stream): seq for stream, seq in self.wish.positions.items()}
        try:
            for stream, seq in self.wish.positions.items():
                await self._read_stream(stream, seq, here)
        except FeedReset as reset:
            return await self._reset(reset.reason)
        return here

    async def _read_stream(self, stream: UUID, seq: int, here: Cursor) -> None:
        """Deliver what the hub's place has seen of a stream."""
        venture_id = self.wish.scope.venture_id

        async def read() -> None:
            nonlocal seq
            events = read_stream(self._reads, stream, seq, venture_id=venture_id)
            async with aclosing(events):
                async for event in events:
                    if not here.seen.has_seen(event.xid):
                        return
                    await self._offer(self._pieces([Item(event, None)]))
                    seq = event.seq

        await patiently(read)

    async def _reset(self, reason: str) -> Cursor:
        """Tell the client to read the state anew; what can be told of it is told at once."""
        here = await self._hub.settled()
        self._floors = {}
        fields: dict[str, Any] = {"reason": reason, "cursor": str(here)}
        if not self.wish.scope.is_whole:
            fields["state"] = await self._states()
        self._notice("reset", **fields)
        return here

    async def _states(self) -> list[dict[str, Any]]:
        ids = [UUID(stream) for stream in self._selection.members]
        venture_id = self.wish.scope.venture_id
        rows = await self._read("live_states", venture_id, ids, MOST_STATES)
        return [{**dict(row), "stream_id": str(row["stream_id"])} for row in rows]

    async def _read(self, query: str, *arguments: Any) -> list[Row]:
        return await patiently(lambda: self._reads.read(query, *arguments))

    def _has(self, item: Item) -> bool:
        return item.event.seq <= self._floors.get(item.stream, 0)

    def _tell_position(self, cursor: Cursor) -> None:
        self._told = cursor
        self._notice("caught_up", cursor=str(cursor))

    def _notice(self, type_: str, **fields: Any) -> None:
        told = {"type": type_, "id": self.wish.id, **fields}
        self._outbox.put(Notice(fields=told, size=len(repr(told))))
