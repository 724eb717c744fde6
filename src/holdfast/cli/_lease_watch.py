"""Keeps the lease of a session, and of what it holds, and says when it is lost."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import TypeAlias

from holdfast.cli._place import Place
from holdfast.engine.heart import BEATS_PER_LEASE
from holdfast.errors import HoldfastError, LeaseLost, Refused
from holdfast.model.sessions import Beat, SessionLease
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.sync.keeping import cached

_LONGEST_PAUSE_SECONDS = 10.0
_RETRY_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Lost:
    """Another may have it; the text says who."""

    why: str


@dataclasses.dataclass(frozen=True)
class Ended:
    """The session was ended by whoever has its lease: the program itself."""


class LeaseWatch:
    """The lease of one session, by this machine's clock and the database's word."""

    def __init__(
        self,
        place: Place,
        session: CachedSession,
        lease: SessionLease,
        *,
        lease_seconds: float,
        started_at: float,
    ) -> None:
        self._place = place
        self._session = session
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._pause_seconds = min(lease_seconds / BEATS_PER_LEASE, _LONGEST_PAUSE_SECONDS)
        # Counted from before the call that granted it, so never later than the database's.
        self._sure_until = started_at + lease_seconds

    async def run(self) -> Lost | Ended:
        """Beat until the lease is lost or the session has ended."""
        pause = self._pause_seconds
        while True:
            await asyncio.sleep(min(pause, max(self._left_seconds, 0.0)))
            outcome = await self.beat()
            if isinstance(outcome, Lost | Ended):
                return outcome
            pause = self._pause_seconds if outcome else min(self._pause_seconds, _RETRY_SECONDS)

    async def beat(self, *, is_heard: bool = False) -> Outcome:
        """Renew once; says whether the database answered, or what became of the lease."""
        sent_at = time.monotonic()
        try:
            async with asyncio.timeout(max(self._left_seconds, _RETRY_SECONDS)):
                beat = await self._place.sessions.renew(
                    self._lease, lease_seconds=self._lease_seconds, is_heard=is_heard
                )
                self._sure_until = sent_at + self._lease_seconds
                return await self._look_at_claim(beat) or True
        except LeaseLost as error:
            return Lost(error.message)
        except Refused:
            return Ended()
        except (HoldfastError, OSError, TimeoutError) as error:
            if self._left_seconds > 0:
                return False
            return Lost(f"The database is away, and the lease has run out meanwhile: {error}")

    @property
    def _left_seconds(self) -> float:
        return self._sure_until - time.monotonic()

    async def _look_at_claim(self, beat: Beat) -> Lost | None:
        """What the program believes to hold is what the cache says: its own commands keep it."""
        believed = self._believed()
        if believed is None or beat.claim_held:  # held: it may have switched, which only it can
            return None
        if beat.sd_key == believed.sd_key:  # nobody has taken it while nobody renewed it
            made = await self._place.sessions.claim(
                self._lease, believed.sd_key, lease_seconds=self._lease_seconds
            )
            self._place.keep(self._session, claim=cached(made))
            return None
        now = await self._place.directives.get(believed.sd_key)
        if now.held_by is None or self._believed() != believed:  # given back by the program
            return None
        return Lost(
            f"{believed.sd_key} was taken over: {now.held_by} holds it since {now.held_since:%H:%M:%S %Z}."
        )

    def _believed(self) -> CachedClaim | None:
        place, session = self._place, self._session
        kept = place.cache.read().find(session.session_id, place.venture_id)
        return kept.claim if kept else None


Outcome: TypeAlias = bool | Lost | Ended
