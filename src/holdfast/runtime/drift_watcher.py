"""Compares the catalogues that are watched with what was kept of them. Part of every worker; each look has one holder."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from typing import Any
from uuid import UUID

from holdfast.changes import drift, targets
from holdfast.client import Holdfast
from holdfast.engine.calls import Row
from holdfast.engine.holding import holder_name
from holdfast.engine.listener import Listener
from holdfast.errors import HoldfastError, LeaseLost, NotFound
from holdfast.runtime.duty import Duty
from holdfast.runtime.ventures import Ventures

EVERY_SECONDS = 5.0
LEASE_SECONDS = 900.0
# Of each, as much as a person reads.
_MOST_DIFFERENCES, _MOST_CHARACTERS = 400, 1000


class DriftWatcher(Duty):
    """Looks at one catalogue after the other, as they become due."""

    name = "drift watcher"

    def __init__(self, hf: Holdfast, *, ventures: Ventures, listener: Listener) -> None:
        super().__init__(listener)
        self._hf = hf
        self._ventures = ventures
        self._due_at = 0.0

    async def turn(self) -> bool:
        """Look at what is due, one in each venture."""
        if time.monotonic() < self._due_at:
            return False
        looked = 0
        for venture_id in await self._ventures.with_work():
            for watch in await self._claimed(venture_id):
                await self._look(venture_id, watch)
                looked += 1
        if not looked:
            self._due_at = time.monotonic() + EVERY_SECONDS
        return looked > 0

    async def _claimed(self, venture_id: UUID) -> list[Row]:
        """Not cut short when the worker stops: what the database gives then would be nobody's until its lease is over."""
        claim = asyncio.create_task(
            self._hf.engine.call(
                "claim_drift_checks",
                holder=holder_name(),
                lease_seconds=LEASE_SECONDS,
                venture_id=venture_id,
            )
        )
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            for watch in await claim:
                await self._tell("release_drift_check", venture_id, watch)
            raise

    async def _look(self, venture_id: UUID, watch: Row) -> None:
        """What was found is the database's to judge."""
        try:
            found = await self._found(watch)
        except HoldfastError as error:
            found = {"problem": error.message[:2000]}
        except asyncio.CancelledError:
            await self._tell("release_drift_check", venture_id, watch)
            raise
        await self._tell("record_drift", venture_id, watch, **found)

    async def _tell(self, function: str, venture_id: UUID, watch: Row, **found: Any) -> None:
        """Write what became of a look; a watch that was forgotten meanwhile is left alone."""
        with contextlib.suppress(NotFound, LeaseLost):
            await self._hf.engine.call(
                function,
                watch_id=watch["id"],
                epoch=watch["epoch"],
                token=watch["token"],
                **found,
                venture_id=venture_id,
            )

    async def _found(self, watch: Row) -> dict[str, Any]:
        expected = drift.parse_kept(watch["expected"])
        async with targets.connected(watch["target"], self._hf.settings) as target:
            now = await drift.read_catalogue(target, list(expected.schemas))
        differ = drift.drifted(expected, now)
        return {
            "drift": [_told(one) for one in differ[:_MOST_DIFFERENCES]],
            "catalogue": now.as_json() if differ else None,
        }


def _told(one: drift.Drift) -> dict[str, Any]:
    told = dataclasses.asdict(one)
    return {key: value and value[:_MOST_CHARACTERS] for key, value in told.items()}
