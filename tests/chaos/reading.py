"""Reading the database from outside, however often it is killed meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from holdfast.config import Settings
from holdfast.engine import connections
from holdfast.errors import DatabaseUnavailable

PATIENCE_SECONDS = 120.0


class Reading:
    """A connection that comes back by itself."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: connections.Connection | None = None
        self._turn = asyncio.Lock()

    async def all(self, query: str, *arguments: Any) -> list[Any]:
        """Every row of a query, once the database is there."""
        async with self._turn, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    return await self._fetch(query, arguments)
                except (*connections.DRIVER_ERRORS, DatabaseUnavailable):
                    if not self._is_away():
                        raise
                    await asyncio.sleep(0.05)

    async def one(self, query: str, *arguments: Any) -> Any:
        """The first value of a query."""
        [row] = await self.all(query, *arguments)
        return row[0]

    async def close(self) -> None:
        """Forget the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _is_away(self) -> bool:
        if self._connection is not None and not self._connection.is_closed():
            return False
        self._connection = None
        return True

    async def _fetch(self, query: str, arguments: Any) -> list[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            self._connection = await connections.connect(self._url, Settings())
        rows: list[Any] = await self._connection.fetch(query, *arguments)
        return rows
