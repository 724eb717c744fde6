"""Verification: numbered checks against the live schema, which leave nothing behind.

They run in one transaction that is rolled back, each under a savepoint of its own, on two ventures
made for them. A check that could not look has failed.
"""

from __future__ import annotations

import dataclasses
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from holdfast.engine import connections
from holdfast.engine.verification import auto_proceed, catalogue, race, refusals, walls
from holdfast.engine.verification.scene import Action, CheckFailed, Scene, stage
from holdfast.errors import DatabaseUnavailable, HoldfastError, MissingRights, NotMigrated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from holdfast.config import Settings
    from holdfast.engine.connections import Connection

# The first eleven in the order that the auto-proceed system's users know; the events last but one,
# because they count what the checks before them did.
_CHECKS: tuple[tuple[str, Action], ...] = (
    *auto_proceed.CHECKS,
    *catalogue.INDEXES,
    *race.CHECKS,
    *refusals.REFUSALS,
    *catalogue.SECURITY,
    *walls.CHECKS,
    *refusals.EVENTS,
    *catalogue.GRANTS,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One check and its verdict."""

    number: int
    total: int
    name: str
    passed: bool
    detail: str
    """Why it failed; empty if it passed."""


async def verify(url: str, settings: Settings) -> AsyncGenerator[Check, None]:
    """Run the checks, one after the other.

    Raises:
        NotMigrated: there is no Holdfast in this database.
        DatabaseUnavailable: the database went away.
    """
    async with AsyncExitStack() as stack:
        connection = await connections.connect(url, settings)
        stack.push_async_callback(connection.close)
        scene = await connections.translated(lambda: _enter(stack, connection, url, settings), url)
        for number, (name, action) in enumerate(_CHECKS, start=1):
            detail = await _detail(scene, action, url)
            yield Check(
                number=number, total=len(_CHECKS), name=name, passed=not detail, detail=detail
            )


async def _enter(
    stack: AsyncExitStack, connection: Connection, url: str, settings: Settings
) -> Scene:
    if await connection.fetchval("select to_regclass('holdfast.definitions') is null"):
        raise NotMigrated("There is no Holdfast in this database.", hint="Run: holdfast db migrate")
    return await stack.enter_async_context(
        stage(connection, lambda: connections.connect(url, settings))
    )


async def _detail(scene: Scene, action: Action, url: str) -> str:
    """Why a check fails, empty if it passes; what a failed check did is undone for the next one."""

    async def run() -> None:
        async with scene.connection.transaction():
            await action(scene)

    try:
        await connections.translated(run, url)
    except CheckFailed as failure:
        return str(failure)
    except DatabaseUnavailable:
        raise
    except MissingRights as error:
        return f"cannot look: {error.message}"
    except HoldfastError as error:
        return error.message
    return ""
