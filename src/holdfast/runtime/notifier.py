"""Tells people that they are asked. Part of every worker that knows where; all of them together tell each thing once."""

from __future__ import annotations

from holdfast.engine.listener import Listener
from holdfast.notifications import Sender
from holdfast.notifications.sender import MOST
from holdfast.runtime.duty import Duty
from holdfast.runtime.ventures import Ventures


class Notifier(Duty):
    """Sends what is due, a bounded number of messages each time."""

    name = "notifier"

    def __init__(self, *, ventures: Ventures, listener: Listener, sender: Sender) -> None:
        super().__init__(listener)
        self._ventures = ventures
        self._sender = sender

    async def turn(self) -> bool:
        """Look once through every venture with work."""
        sent = [await self._sender.turn(one) for one in await self._ventures.with_work()]
        return max(sent, default=0) >= MOST
