"""Subscribers that want the same: what they are given is chosen and encoded once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from holdfast.live.items import Group, Item
from holdfast.live.scope import Scope
from holdfast.model.events import Event


class Receiver(Protocol):
    """Who is given events as they happen."""

    def receive(self, group: Group) -> None:
        """Take what one step of the feed brought; returns at once."""

    def begin_anew(self, reason: str) -> None:
        """The feed was begun anew; what lies between is not known."""


class Selection:
    """A scope, the streams that belong to it by now, and who is given their events."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.members: set[str] = {str(stream) for stream in scope.streams}
        self.receivers: set[Receiver] = set()
        self.users = 0
        """How many subscriptions need it, those among them that are still being brought up to date."""
        self._loaded = scope.noun is None
        self._heard: list[Event] = []
        self._pending: list[Item] = []

    def load(self, members: Iterable[str]) -> set[str]:
        """Take in who was a member, and who has joined since that was asked for; gives all of them."""
        if not self._loaded:
            self._loaded = True
            self.members |= set(members)
            heard, self._heard = self._heard, []
            while any(self._join(event) for event in heard):
                pass
        return self.members

    @property
    def is_loaded(self) -> bool:
        """Whether its members are known."""
        return self._loaded

    def hear(self, event: Event) -> str | None:
        """Notice an event that may make a stream a member; gives that stream if it is a new one."""
        if not self._loaded:
            self._heard.append(event)
            return None
        return self._join(event)

    def wants(self, item: Item) -> bool:
        """Whether its receivers are given this."""
        scope = self.scope
        return scope.wants(item.event) and (scope.is_whole or item.stream in self.members)

    def offer(self, item: Item) -> bool:
        """Keep an item for the next `flush`; says whether it is the first one."""
        if not self.scope.wants(item.event):
            return False
        self._pending.append(item)
        return len(self._pending) == 1

    def flush(self) -> None:
        """Give every receiver what was kept."""
        if self._pending:
            group = Group(self._pending)
            self._pending = []
            for receiver in tuple(self.receivers):
                receiver.receive(group)

    def _join(self, event: Event) -> str | None:
        stream = self.scope.joining(event, self.members)
        if stream is None or stream in self.members:
            return None
        self.members.add(stream)
        return stream
