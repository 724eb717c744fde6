"""Comparing now and then what was handed out with what there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from holdfast.engine.background import Background
from holdfast.engine.postgres import PostgresEngine, Row
from holdfast.errors import HoldfastError
from holdfast.live.cursor import Place
from holdfast.live.healing import Healer
from holdfast.live.items import Item

SWEEP_SECONDS = 5.0
MOST_HEADS = 5_000


class Sweep(Background):
    """Asks for the newest event of each busy stream, and one sweep later whether it was handed out."""

    name = "hub's sweep"

    def __init__(
        self,
        engine: PostgresEngine,
        healer: Healer,
        *,
        hand_out: Callable[[list[Item]], None],
        seconds: float = SWEEP_SECONDS,
    ) -> None:
        super().__init__()
        self._engine = engine
        self._healer = healer
        self._hand_out = hand_out
        self._seconds = seconds

    async def _go_on(self) -> None:
        heads: list[Row] = []
        asked_at: Place | None = None
        while True:
            await asyncio.sleep(self._seconds)
            place = self._healer.place
            if place is None or place == asked_at:
                continue  # nothing has happened since
            with suppress(HoldfastError):  # the next sweep will do
                await self._healer.heal(heads, self._hand_out)
                since = min((place.next, *place.in_flight))
                heads = await self._engine.read("live_heads", str(since), MOST_HEADS)
                asked_at = place
