"""Ending what somebody may see no longer: a change of membership is an event like all others."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from holdfast.live.hub import Hub
from holdfast.live.items import Group
from holdfast.live.scope import Scope
from holdfast.live.selection import Selection

_OF_MEMBERS = ("venture.member_set", "venture.member_removed")
_OF_TOKENS = "venture.token_revoked"


class AccessWatch:
    """Watches the ventures of one connection for what concerns its user."""

    def __init__(self, hub: Hub, *, user: str, on_changed: Callable[[str], None]) -> None:
        self._hub = hub
        self._user = user
        self._on_changed = on_changed
        self._selections: dict[UUID, Selection] = {}

    def watch(self, venture_id: UUID) -> None:
        """Watch a venture too."""
        if venture_id not in self._selections:
            scope = Scope(venture_id=venture_id, kinds=frozenset({"venture"}))
            selection = self._selections[venture_id] = self._hub.switchboard.need(scope)
            selection.receivers.add(self)

    def stop(self) -> None:
        """Watch no longer; stopping twice is safe."""
        while self._selections:
            _, selection = self._selections.popitem()
            selection.receivers.discard(self)
            self._hub.switchboard.let_go(selection)

    def receive(self, group: Group) -> None:
        """Look whether events concern the user."""
        for item in group.items:
            event = item.event
            if event.type in _OF_MEMBERS and event.data.get("user_id") == self._user:
                self._on_changed("Your role in the venture has changed.")
            if event.type == _OF_TOKENS and f"token:{event.data.get('name')}" == self._user:
                self._on_changed("The token was revoked.")

    def begin_anew(self, reason: str) -> None:
        """Between the old feed and the new one the access may have changed."""
        self._on_changed(f"The feed was begun anew: {reason}.")
