"""Forced interleavings: who holds a lock, who waits for it, and what comes of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from holdfast.errors import Refused
from tests.support.sql import Row, call, connected, connected_many, until_waiting

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

# A batch must take its locks in one order of its own accord, not by the luck of a hash join; and who waits for what
# it should not have to wait for gives up, rather than hang.
_SETTINGS = """
set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off; set lock_timeout = '20s'
"""


class Meeting:
    """Two connections that meet at a lock, and a third that holds it and watches them."""

    def __init__(
        self, url: str, first: Connection, second: Connection, watcher: Connection
    ) -> None:
        self._url = url
        self.first = first
        self.second = second
        self.watcher = watcher

    async def wait_in_vain(self, who: Connection, function: str, **arguments: Any) -> Outcome:
        """Begin a call and return once it waits for a lock."""
        outcome = Outcome(asyncio.create_task(_outcome(call(who, function, **arguments))))
        await until_waiting(self.watcher, who)
        return outcome

    @asynccontextmanager
    async def holding(self, table: str, id_: Any, column: str = "id") -> AsyncIterator[None]:
        """Hold a row, as somebody slow does, while the block runs."""
        async with connected(self._url) as holder, holder.transaction():
            await holder.execute(
                f"select from holdfast.{table} where {column} = $1 for update", id_
            )
            yield


class Outcome:
    """What came of a call that had to wait."""

    def __init__(self, task: asyncio.Task[list[Row] | type[Refused]]) -> None:
        self._task = task

    async def either(self) -> list[Row] | type[Refused]:
        return await self._task

    async def rows(self) -> list[Row]:
        found = await self._task
        assert isinstance(found, list), found
        return found

    async def refusal(self) -> type[Refused]:
        found = await self._task
        assert not isinstance(found, list), found
        return found


async def _outcome(work: Awaitable[list[Row]]) -> list[Row] | type[Refused]:
    """The rows, or the refusal; a deadlock is neither and is raised."""
    try:
        return await work
    except Refused as refusal:
        return type(refusal)


@asynccontextmanager
async def meeting(url: str) -> AsyncIterator[Meeting]:
    async with connected_many(url, 3) as connections:
        for connection in connections:
            await connection.execute(_SETTINGS)
        yield Meeting(url, *connections)
