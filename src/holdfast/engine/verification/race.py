"""The race for one session: two connections upsert it at once.

Neither commits, so nothing is left behind: the first holds its row uncommitted until the second is
seen waiting for it, and is then rolled back, which lets the second one in.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from holdfast.engine.verification.scene import (
    Action,
    CheckFailed,
    Scene,
    require,
    require_equal,
    require_refusal,
    rolled_back,
)

if TYPE_CHECKING:
    from uuid import UUID

    from holdfast.engine.connections import Connection

_DEADLINE_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 0.01
_UPSERT = (
    "select holdfast.upsert_auto_proceed_session($1, p_total_children => 5, p_venture_id => $2)"
)
_WAITS_FOR_ME = "select pg_backend_pid() = any (pg_blocking_pids($1))"
_UNIQUE_VIOLATION = "23505"


async def _race(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        first, second = [await _connect(scene, stack) for _ in range(2)]
        async with rolled_back(second):
            venture = await second.fetchval(
                "select min(venture_id::text)::uuid from holdfast.ventures"
            )
            require(
                venture is not None, "cannot look: there is no venture that two connections see"
            )
            made = await _upsert_behind(first, second, scene.session_id, venture)
            found = await second.fetchval(_UPSERT, scene.session_id, venture)
            require_equal("the row of a second upsert", found, made)
            await _require_one(second, scene.session_id, venture)


async def _upsert_behind(
    first: Connection, second: Connection, session_id: str, venture: UUID
) -> UUID:
    """The row that the second makes once the first, which it must wait for, is rolled back."""
    waiter = await second.fetchval("select pg_backend_pid()")
    racing: asyncio.Task[UUID] | None = None
    try:
        async with rolled_back(first):
            await first.fetchval(_UPSERT, session_id, venture)
            racing = asyncio.create_task(
                second.fetchval(_UPSERT, session_id, venture), name="verify.race"
            )
            await _see_waiting(first, waiter, racing)
        return await racing
    finally:
        if racing is not None:
            # Its connection is free once it has ended, which it does now that nothing is held.
            await asyncio.wait([racing])


async def _see_waiting(holder: Connection, waiter: int, racing: asyncio.Task[UUID]) -> None:
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while not await holder.fetchval(_WAITS_FOR_ME, waiter):
                if racing.done():
                    racing.result()
                    raise CheckFailed(
                        "two upserts of one session at once did not wait for each other"
                    )
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
    except TimeoutError:
        told = f"cannot look: the second upsert was not seen waiting in {_DEADLINE_SECONDS:.0f} s"
        raise CheckFailed(told) from None


async def _require_one(connection: Connection, session_id: str, venture: UUID) -> None:
    active = await connection.fetchval(
        "select count(*) from holdfast.auto_proceed_sessions"
        " where venture_id = $1 and session_id = $2 and is_active",
        venture,
        session_id,
    )
    require_equal("the number of active rows", active, 1)
    await require_refusal(
        connection,
        "a second active row",
        (_UNIQUE_VIOLATION,),
        "insert into holdfast.auto_proceed_sessions (venture_id, id, session_id)"
        " values ($1, gen_random_uuid(), $2)",
        venture,
        session_id,
    )


async def _connect(scene: Scene, stack: AsyncExitStack) -> Connection:
    connection = await scene.connect()
    stack.push_async_callback(connection.close)
    return connection


CHECKS: tuple[tuple[str, Action], ...] = (("one active row per session under a race", _race),)
