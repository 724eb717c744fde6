"""Which of the gateways of one database reads its feed for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from holdfast.engine import texts
from holdfast.engine.background import Background
from holdfast.engine.backoff import Backoff
from holdfast.engine.connections import Connection, translated
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError
from holdfast.live.reader import ANSWER_SECONDS
from holdfast.live.tail import reading

STAND_BY_SECONDS = 2.0


class Election(Background):
    """Asks again and again to lead, over a connection of its own; whoever leads does so for as long as that lasts.

    Two may believe for a moment that they lead. That costs some reading and harms nothing.
    """

    name = "election"

    def __init__(
        self, engine: PostgresEngine, *, stand_by_seconds: float = STAND_BY_SECONDS
    ) -> None:
        super().__init__()
        self.leads = False
        """Whether this process was elected."""
        self._on_elected: Callable[[], None] = _nobody_waits
        self._engine = engine
        self._stand_by_seconds = stand_by_seconds

    @contextmanager
    def waking(self, on_elected: Callable[[], None]) -> Iterator[None]:
        """Have something called as soon as this process is elected, for who waits for something else."""
        self._on_elected = on_elected
        try:
            yield
        finally:
            self._on_elected = _nobody_waits

    async def stop(self) -> None:
        """End it; stopping twice is safe."""
        await super().stop()
        self.leads = False

    async def _go_on(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async with reading(self._engine) as connection:
                    connection.add_termination_listener(self._lose)
                    await self._stand(connection, backoff)
            except HoldfastError:
                self.leads = False
            await backoff.wait()

    async def _stand(self, connection: Connection, backoff: Backoff) -> None:
        query = texts.query("lead_feed")
        while True:
            self.leads = await translated(
                lambda: connection.fetchval(query, timeout=ANSWER_SECONDS)
            )
            backoff.succeeded()
            if self.leads:
                self._on_elected()
            await asyncio.sleep(self._stand_by_seconds)

    def _lose(self, *_: object) -> None:
        self.leads = False


def _nobody_waits() -> None:
    """Whoever leads looks at that itself."""
