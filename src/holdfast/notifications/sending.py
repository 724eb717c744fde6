"""Sending one message by one channel."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from holdfast.notifications.channels import Channel
from holdfast.notifications.messages import Message

if TYPE_CHECKING:
    from apprise import AppriseResult

_NO_ADDRESS = (
    "Apprise cannot read its address: look at https://appriseit.com/services/ for its form."
)
# What of an address is worth hiding: short pieces stand in every text.
_SECRET_LENGTH = 4


async def send(channel: Channel, message: Message) -> str | None:
    """Send a message; gives why it could not be sent, without the address."""
    return await asyncio.to_thread(_send, channel, message)


def _send(channel: Channel, message: Message) -> str | None:
    # It takes longer to load than most commands' work.
    import apprise  # noqa: PLC0415

    # It tells addresses; what it says of this message is in the result.
    logging.getLogger("apprise").propagate = False
    to = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Holdfast", app_desc="Holdfast"))
    if not to.add(channel.url):
        return _NO_ADDRESS
    result = to.notify(
        title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT
    )
    return None if result else without_secrets(_told(result), channel.url)


def _told(result: AppriseResult) -> str:
    """The last thing that went wrong."""
    said = [
        str(entry.message)
        for one in result
        for attempt in one
        for entry in attempt.logs or ()
        if entry.level in ("WARNING", "ERROR", "CRITICAL")
    ]
    return said[-1] if said else "The service did not take it."


def without_secrets(text: str, url: str) -> str:
    """A text in which no piece of an address stands.

    >>> without_secrets("POST to hooks.slack.com/T123/abcd failed", "slack://T123/abcd")
    'POST to hooks.slack.com/…/… failed'
    """
    pieces = re.split(r"[/:@?&=#,]+", url.partition("://")[2])
    for piece in sorted({*pieces, *map(unquote, pieces)}, key=len, reverse=True):
        if len(piece) >= _SECRET_LENGTH:
            text = text.replace(piece, "…")
    return text[:2000]
