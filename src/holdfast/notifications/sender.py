"""Sends what is due in a venture. What is due, and to whom, the database decides; several senders share the work."""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby
from uuid import UUID

from holdfast.config import Settings
from holdfast.engine.calls import Calls, Row
from holdfast.engine.holding import holder_name
from holdfast.notifications.channels import channels_of
from holdfast.notifications.messages import message_of
from holdfast.notifications.sending import send

logger = logging.getLogger("holdfast")
MOST = 100
# Apprise gives up on a service after some seconds; a channel is one service.
LEASE_SECONDS = 60.0


class Sender:
    """Sends by the channels of some settings."""

    def __init__(self, engine: Calls, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        first = channels_of(settings.notify_urls)
        late = channels_of(settings.notify_unanswered_urls) or first
        self._channels = {channel.name: channel for channel in (*first, *late)}
        minutes = settings.notify_unanswered_minutes
        self._claim = {
            "channels": [channel.name for channel in first],
            "late_channels": [channel.name for channel in late] if minutes else [],
            "unanswered_after_seconds": minutes and minutes * 60,
            "quiet_hours": settings.notify_quiet_hours,
            "time_zone": settings.notify_time_zone,
        }

    @property
    def has_channels(self) -> bool:
        """Whether anybody is to be told at all."""
        return bool(self._channels)

    async def turn(self, venture_id: UUID) -> int:
        """Send what is due now; gives how much that was."""
        rows = await self._engine.call(
            "claim_notifications",
            holder=holder_name(),
            limit=MOST,
            lease_seconds=LEASE_SECONDS,
            venture_id=venture_id,
            **self._claim,
        )
        by_channel = [list(group) for _, group in groupby(rows, lambda row: row["channel"])]
        await asyncio.gather(*(self._send(group, venture_id) for group in by_channel))
        return len(rows)

    async def _send(self, rows: list[Row], venture_id: UUID) -> None:
        channel = self._channels[rows[0]["channel"]]
        error = await send(channel, message_of(rows, self._settings.public_url))
        if error is not None:
            logger.warning("notifications: %s (attempt %s): %s", channel.name, rows[0]["attempt"], error)  # fmt: skip
        await self._engine.call(
            "finish_notifications",
            leases=[row["token"] for row in rows],
            errors=[error] * len(rows),
            venture_id=venture_id,
        )
