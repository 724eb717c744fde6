"""What the routes of one server share."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from starlette.requests import HTTPConnection

from holdfast.api.credentials.cookies import Cookies
from holdfast.api.credentials.jwt import Verifier
from holdfast.api.limits import Limits
from holdfast.config import Settings
from holdfast.engine.catalogue import Catalogue
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.bus import Bus


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gateway:
    """One server: its settings, its database, and what it knows callers by."""

    settings: Settings
    engine: PostgresEngine
    catalogue: Catalogue
    verifier: Verifier
    cookies: Cookies
    limits: Limits
    bus: Bus | None = None
    """Over which it shares the reading of the feed with others; unset: it reads for itself."""
    stopping: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Set before connections are closed, so that whoever holds one open can say goodbye."""
    parts: dict[type[Any], Any] = dataclasses.field(default_factory=dict)
    """What other packages keep running beside the routes, by type; see `routes.LIFESPANS`."""
    _open: set[asyncio.Task[Any]] = dataclasses.field(default_factory=set)

    @contextlib.contextmanager
    def open_connection(self) -> Iterator[None]:
        """Count this task among those that hold a connection open, for as long as the block runs."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)

    async def say_goodbye(self, seconds: float) -> None:
        """Have whoever holds a connection open close it, and wait so long for that."""
        self.stopping.set()
        if self._open:
            await asyncio.wait(self._open, timeout=seconds)


def gateway_of(connection: HTTPConnection) -> Gateway:
    """The gateway that a request came to."""
    found: Gateway = connection.app.state.gateway
    return found
