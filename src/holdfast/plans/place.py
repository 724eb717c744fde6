"""A plan's place in the world: the session its runner is, and the directive that session claims."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from holdfast.config import Settings
from holdfast.engine.calls import Engine
from holdfast.engine.heart import Heart
from holdfast.engine.holding import held, holder_name
from holdfast.errors import (
    AlreadyClaimed,
    DatabaseUnavailable,
    HoldfastError,
    IllegalMove,
    LeaseLost,
)
from holdfast.model.leases import Lease, LeaseKind
from holdfast.model.states import PlanStatus
from holdfast.supervisors.handle import Supervisor

LOOK_AGAIN_SECONDS = 0.2


class Place:
    """Takes a session and its directive for a plan's runner, and gives them back."""

    def __init__(
        self,
        plan: Any,
        supervisor: Supervisor,
        *,
        engine: Engine,
        heart: Heart,
        settings: Settings,
    ) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._engine = engine
        self._heart = heart
        self._lease_seconds = settings.lease_seconds
        self._session_id = f"plan:{plan['id']}"
        self._session: Lease | None = None
        self._claim: Lease | None = None

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold both while the block runs. A runner that died left them to their leases; they are waited for."""
        async with contextlib.AsyncExitStack() as stack:
            self._session = await self._start_session()
            if self._session is not None:
                await stack.enter_async_context(held(self._session, self._heart))
            if self._session is not None and self._plan["ended_at"] is None:
                self._claim = await self._claim_directive(self._session)
                await self._attach(self._session, self._claim)
                await stack.enter_async_context(held(self._claim, self._heart))
            try:
                yield
            except asyncio.CancelledError:
                with contextlib.suppress(HoldfastError):
                    await asyncio.shield(
                        self._session_call("interrupt_session", reason="its worker stops")
                    )
                raise
            except (LeaseLost, DatabaseUnavailable):  # another runner goes on
                raise
            except Exception:
                with contextlib.suppress(HoldfastError):
                    await self.close(PlanStatus.FAILED)
                raise

    async def close(self, status: PlanStatus) -> None:
        """Say of the directive what became of the plan, and end the session.

        A runner that died in the middle of this has done the first part; that is not done twice.
        """
        if status is PlanStatus.COMPLETED:
            await self._once(self._directive_call("move_directive_phase", phase="COMPLETE"))
        if self._claim is not None:
            self._heart.drop(
                self._claim
            )  # what ends the directive ends the claim, which is no loss
        if status is PlanStatus.COMPLETED:
            await self._once(self._directive_call("move_directive", status="completed"))
        else:
            await self._once(
                self._directive_call("move_directive", status="blocked", reason="its plan failed")
            )
        await self._session_call("end_session", reason=f"the plan {status}")

    async def _start_session(self) -> Lease | None:
        """The session's lease; None if an earlier runner ended the session and died before it ended itself."""
        while True:
            try:
                row = await self._engine.call_row(
                    "start_session",
                    session_id=self._session_id,
                    agent="holdfast",
                    holder=holder_name(),
                    lease_seconds=self._lease_seconds,
                    reopen=self._plan["ended_at"] is None,
                    venture_id=self._venture_id,
                )
            except AlreadyClaimed:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            except IllegalMove:
                return None
            return self._lease(LeaseKind.SESSION, row["id"], row)

    async def _claim_directive(self, session: Lease) -> Lease:
        row = await self._engine.call_row(
            "claim_directive",
            session_id=self._session_id,
            sd_key=self._plan["sd_key"],
            lease_seconds=self._lease_seconds,
            **session.fence,
        )
        return self._lease(LeaseKind.DIRECTIVE, row["directive_id"], row)

    async def _attach(self, session: Lease, claim: Lease) -> None:
        await self._supervisor.call(
            "attach_supervisor",
            supervisor_id=self._supervisor.id,
            session_id=session.id,
            directive_id=claim.id,
        )

    async def _directive_call(self, function: str, **arguments: Any) -> None:
        fence = self._claim.fence if self._claim else {"venture_id": self._venture_id}
        await self._engine.call(function, sd_key=self._plan["sd_key"], **arguments, **fence)

    async def _session_call(self, function: str, **arguments: Any) -> None:
        if self._session is None:
            return
        await self._engine.call(
            function, session_id=self._session_id, **arguments, **self._session.fence
        )

    async def _once(self, move: Any) -> None:
        with contextlib.suppress(IllegalMove):
            await move

    def _lease(self, kind: LeaseKind, subject_id: Any, row: Any) -> Lease:
        return Lease(
            kind=kind,
            venture_id=self._venture_id,
            id=subject_id,
            epoch=row["epoch"],
            token=row["token"],
        )

    @property
    def _venture_id(self) -> Any:
        return self._supervisor.lease.venture_id
