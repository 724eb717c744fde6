"""What a WebSocket and an event stream have in common: subscriptions, one outbox, and reasons to end."""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from uuid import UUID

from holdfast.api.access import Caller
from holdfast.api.gateway import Gateway
from holdfast.api.live.closing import CloseCode, Closing, Gone, closing_for
from holdfast.api.live.messages import told_error
from holdfast.api.live.watching import AccessWatch
from holdfast.errors import HoldfastError, InvalidValue, NotAllowed, NotFound
from holdfast.live.asking import Asking
from holdfast.live.hub import Hub
from holdfast.live.outbox import Frame, Notice, Outbox, TooSlow
from holdfast.live.reader import User
from holdfast.live.register import Entry, Transport
from holdfast.live.subscription import Subscription

PING_SECONDS = 25.0
MOST_SUBSCRIPTIONS = 100


class Connection(ABC):
    """One client and what it follows; `run` goes on until there is a reason to end."""

    transport: Transport

    def __init__(self, *, gateway: Gateway, hub: Hub, caller: Caller) -> None:
        self.hub = hub
        self.caller = caller
        self.outbox = Outbox(write_at_once=self.write_at_once)
        self._gateway = gateway
        self._subscriptions: dict[str, tuple[Subscription, asyncio.Task[None]]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._access = AccessWatch(hub, user=caller.user, on_changed=self._close_for_access)

    @abstractmethod
    async def write(self, frames: list[Frame]) -> None:
        """Write what waits; returns when there is room for more."""

    def write_at_once(self, frame: Frame) -> bool:
        """Write a frame if that needs no waiting; says whether it did."""
        return False

    @abstractmethod
    async def listen(self) -> None:
        """Hear what the client says, until it leaves."""

    @abstractmethod
    async def beat(self) -> None:
        """Show every now and then that both sides are there."""

    async def run(self) -> Closing | None:
        """Go on; gives the reason for which the server ends it, if it is not the client who does."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for work in (self._write, self.listen, self.beat, self._watch):
                    tasks.create_task(work())
        except BaseExceptionGroup as group:
            return _reason(group)
        finally:
            self._access.stop()
        return None

    async def subscribe(self, id_: str, asked: Asking, venture: str | None) -> None:
        """Begin a subscription; an error is told to the client, and the connection goes on."""
        if id_ in self._subscriptions or len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise InvalidValue(
                f"id = {id_!r} is in use, or {MOST_SUBSCRIPTIONS} subscriptions are open.",
                hint="Unsubscribe one first, or choose another id.",
            )
        venture_id = await self.venture(venture)
        wish = await asked.wish(id_, venture_id, self.caller.engine)
        self._access.watch(venture_id)
        subscription = Subscription(
            wish,
            hub=self.hub,
            outbox=self.outbox,
            reads=self.caller.engine,
            user=User(
                claims=json.dumps(self.caller.claims),
                role=self.caller.claims.get("role", "authenticated"),
            ),
            entry=Entry(scope=wish.scope, user=self.caller.user, transport=self.transport),
        )
        assert self._tasks is not None
        task = self._tasks.create_task(self._follow(subscription))
        self._subscriptions[id_] = (subscription, task)

    def unsubscribe(self, id_: str) -> None:
        """End a subscription; one that is not there is ended already."""
        _, task = self._subscriptions.pop(id_, (None, None))
        if task is not None:
            task.cancel()

    def mark(self) -> None:
        """Tell the client where its subscriptions stand."""
        for subscription, _ in self._subscriptions.values():
            subscription.mark()

    async def venture(self, named: str | None) -> UUID:
        """The id of the venture that the client means; raises `NotAllowed`."""
        rows = await self.caller.engine.read(
            "venture_of_request", named, self._gateway.settings.venture
        )
        if not rows:
            raise NotAllowed(
                f"The venture {named or self._gateway.settings.venture} does not exist or does not have you as viewer.",
                hint="Ask an owner of the venture for that role.",
            )
        found: UUID = rows[0]["venture_id"]
        return found

    async def _follow(self, subscription: Subscription) -> None:
        try:
            await subscription.run()
        except (NotFound, NotAllowed, InvalidValue) as error:
            self.tell_error(error, subscription.wish.id)
            self._subscriptions.pop(subscription.wish.id, None)

    def tell_error(self, error: HoldfastError, id_: str | None = None) -> None:
        """Tell the client of an error."""
        self.outbox.put(Notice(fields=told_error(error, id_)))

    async def _write(self) -> None:
        while True:
            await self.write(await self.outbox.take())

    async def _watch(self) -> None:
        """What ends a connection while its writer may be stuck in a client that does not read."""
        stopping = asyncio.ensure_future(self._gateway.stopping.wait())
        ended = asyncio.ensure_future(self.outbox.ended())
        try:
            await asyncio.wait(
                (stopping, ended),
                timeout=_seconds_left(self.caller),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            stopping.cancel()
            ended.cancel()
        if self._gateway.stopping.is_set():
            raise Closing(CloseCode.GOING_AWAY, "The server restarts.")
        if not self.outbox.is_ended:
            raise Closing(CloseCode.NOT_AUTHENTICATED, "The token's time is over.")
        self.outbox.raise_end()

    def _close_for_access(self, reason: str) -> None:
        self.outbox.end(Closing(CloseCode.ACCESS_CHANGED, reason))


def _seconds_left(caller: Caller) -> float | None:
    expires = caller.claims.get("exp")
    return max(0.0, expires - time.time()) if isinstance(expires, int | float) else None


def _reason(group: BaseExceptionGroup[BaseException]) -> Closing | None:
    """Why it ended; what nobody expected is raised."""
    for error in group.exceptions:
        match error:
            case Closing():
                return error
            case TooSlow():
                return Closing(CloseCode.TOO_SLOW, error.message)
    expected, unexpected = group.split((Gone, HoldfastError))
    if unexpected is not None:
        raise unexpected
    assert expected is not None
    refused = [error for error in expected.exceptions if isinstance(error, HoldfastError)]
    return closing_for(refused[0]) if refused else None
