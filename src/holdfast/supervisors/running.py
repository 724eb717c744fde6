"""Running a supervisor's function under its lease, to one of four ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from holdfast.engine.heart import Heart
from holdfast.engine.holding import held
from holdfast.errors import DatabaseUnavailable, HoldfastError, LeaseLost
from holdfast.model.states import SupervisorState
from holdfast.supervisors.handle import Supervisor

SupervisorFunction: TypeAlias = Callable[[Supervisor], Awaitable[Any]]


@dataclasses.dataclass(frozen=True)
class Completed:
    """The function returned; the result is saved."""

    result: Any


@dataclasses.dataclass(frozen=True)
class Failed:
    """The function raised; the reason is saved."""

    error: str


@dataclasses.dataclass(frozen=True)
class Lost:
    """The lease was lost, or the database with it: nothing may be written any more, another worker goes on."""

    reason: str


Ending: TypeAlias = Completed | Failed | Lost


async def run_supervisor(
    supervisor: Supervisor, function: SupervisorFunction, heart: Heart
) -> Ending:
    """Run a supervisor's function to its end; cancelling it gives the supervisor back."""
    try:
        async with held(supervisor.lease, heart):
            return await _run(supervisor, function)
    except asyncio.CancelledError:
        with contextlib.suppress(HoldfastError):  # it is over, or the lease ends without us
            await asyncio.shield(_release(supervisor))
        raise
    except (LeaseLost, DatabaseUnavailable) as error:
        return Lost(str(error))


async def _run(supervisor: Supervisor, function: SupervisorFunction) -> Ending:
    await supervisor.save(state=SupervisorState.WORKING)
    try:
        result = await function(supervisor)
        await supervisor.call(
            "finish_supervisor",
            supervisor_id=supervisor.id,
            state=SupervisorState.COMPLETED,
            result=result,
        )
    except (LeaseLost, DatabaseUnavailable):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        await supervisor.call(
            "finish_supervisor",
            supervisor_id=supervisor.id,
            state=SupervisorState.FAILED,
            error=reason,
        )
        return Failed(reason)
    return Completed(result)


async def _release(supervisor: Supervisor) -> None:
    await supervisor.call(
        "release_supervisor", supervisor_id=supervisor.id, reason="its worker stops"
    )
