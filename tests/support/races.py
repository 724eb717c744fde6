"""Races: many wait at one gate in the database, and a starting gun lets them all go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

RACERS = 16
ROUNDS = 100
GUN = 20300101
_WAITING = (
    "select count(*) from pg_locks where locktype = 'advisory' and objid = $1 and not granted"
)
_Result = TypeVar("_Result")


@asynccontextmanager
async def starting_gun(referee: Connection) -> AsyncIterator[None]:
    """Hold all racers at the gate; fire, when the block ends, once every one of them waits there."""
    await referee.fetchval("select pg_advisory_lock($1)", GUN)
    try:
        yield
        await _all_waiting(referee)
    finally:
        await referee.fetchval("select pg_advisory_unlock($1)", GUN)


async def race(
    referee: Connection,
    racers: list[Connection],
    go: Callable[[Connection], Awaitable[_Result]],
) -> list[_Result]:
    """Let every connection do the same at the same moment; gives what came of it, in their order."""

    async def run(racer: Connection) -> _Result:
        async with racer.transaction():
            await racer.fetchval("select pg_advisory_xact_lock_shared($1)", GUN)
            return await go(racer)

    async with asyncio.TaskGroup() as group:
        async with starting_gun(referee):
            tasks = [group.create_task(run(racer)) for racer in racers]
    return [task.result() for task in tasks]


async def _all_waiting(referee: Connection) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await referee.fetchval(_WAITING, GUN) < RACERS:
            await asyncio.sleep(0.001)
