"""Heartbeats from a thread of their own, which a blocked event loop does not stop.

Liveness and progress are different things: an agent whose one tool call takes an hour is alive, and its lease must
not be taken away. What stops the beat is the end of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable

from holdfast.config import Settings
from holdfast.engine.doors import engine_at
from holdfast.errors import HoldfastError
from holdfast.model.leases import Lease

BEATS_PER_LEASE = 3


@dataclasses.dataclass
class _Held:
    lease: Lease
    on_lost: Callable[[], None]
    loop: asyncio.AbstractEventLoop
    sure_until: float
    """On this process's monotonic clock: counted from before the beat was sent, so never later than the database's."""


class Heart:
    """Beats every lease that this process holds, all in one call."""

    def __init__(self, url: str, *, settings: Settings) -> None:
        self._engine = engine_at(url, dataclasses.replace(settings, pool_size=1))
        self._lease_seconds = settings.lease_seconds
        self._held: dict[Lease, _Held] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def hold(
        self, lease: Lease, on_lost: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        """Beat a lease from now on; `on_lost` is called in the given loop, once, when it is lost."""
        with self._lock:
            self._held[lease] = _Held(lease, on_lost, loop, time.monotonic() + self._lease_seconds)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="holdfast heart", daemon=True
                )
                self._thread.start()

    def drop(self, lease: Lease) -> None:
        """Beat a lease no longer; dropping twice is safe."""
        with self._lock:
            self._held.pop(lease, None)

    def stop(self) -> None:
        """Stop beating; stopping twice is safe."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        asyncio.run(self._beat_until_stopped())

    async def _beat_until_stopped(self) -> None:
        pause = self._lease_seconds / BEATS_PER_LEASE
        try:
            while not await asyncio.to_thread(self._stopped.wait, pause):
                with contextlib.suppress(
                    HoldfastError
                ):  # the database is away: the clock below decides
                    await self._beat()
                self._give_up_what_is_not_sure()
        finally:
            await self._engine.close()

    async def _beat(self) -> None:
        with self._lock:
            held = list(self._held.values())
        for venture_id in {one.lease.venture_id for one in held}:
            mine = [one for one in held if one.lease.venture_id == venture_id]
            sent_at = time.monotonic()
            await self._engine.open()
            lost = await self._engine.call(
                "renew_leases",
                kinds=[one.lease.kind for one in mine],
                ids=[one.lease.id for one in mine],
                epochs=[one.lease.epoch for one in mine],
                tokens=[one.lease.token for one in mine],
                lease_seconds=self._lease_seconds,
                venture_id=venture_id,
            )
            gone = {(row["kind"], row["id"]) for row in lost}
            for one in mine:
                if (one.lease.kind, one.lease.id) in gone:
                    self._lose(one)
                else:
                    one.sure_until = sent_at + self._lease_seconds

    def _give_up_what_is_not_sure(self) -> None:
        with self._lock:
            held = list(self._held.values())
        for one in held:
            if one.sure_until <= time.monotonic():
                self._lose(one)

    def _lose(self, one: _Held) -> None:
        with self._lock:
            still_held = self._held.pop(one.lease, None) is not None
        if still_held:
            with contextlib.suppress(
                RuntimeError
            ):  # the loop is closed, and with it what held the lease
                one.loop.call_soon_threadsafe(one.on_lost)
