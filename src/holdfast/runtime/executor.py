"""Takes ready executions and runs them with the agent of their kind."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import UUID

from holdfast.agents import Agent, Agents, Cancelled, Done, Failed, Outcome, Postponed
from holdfast.client import Holdfast
from holdfast.engine.holding import held, holder_name
from holdfast.engine.listener import Listener
from holdfast.errors import DatabaseUnavailable, HoldfastError, LeaseLost
from holdfast.executions.run import Run
from holdfast.model.kinds import CALLABLE_PREFIX
from holdfast.model.leases import Lease, LeaseKind
from holdfast.runtime.crew import Crew
from holdfast.runtime.duty import Duty, logger
from holdfast.runtime.ventures import Ventures
from holdfast.telemetry import spans


class Executor(Duty):
    """Runs executions, as many at once as it may."""

    name = "executor"

    def __init__(
        self, hf: Holdfast, *, agents: Agents, ventures: Ventures, listener: Listener, limit: int
    ) -> None:
        super().__init__(listener)
        self._hf = hf
        self._agents = agents
        self._ventures = ventures
        self._crew = Crew(limit, listener.ring)

    async def stop(self) -> None:
        """Stop taking, and give back what is running."""
        await super().stop()
        await self._crew.stop()

    async def turn(self) -> bool:
        """Take as much as there is room for."""
        taken = 0
        for venture_id in await self._ventures.with_work() if self._crew.free else ():
            if not self._crew.free:
                break
            rows = await self._hf.engine.call(
                "claim_executions",
                holder=holder_name(),
                kinds=self._agents.kinds,
                limit=self._crew.free,
                lease_seconds=self._hf.settings.lease_seconds,
                venture_id=venture_id,
            )
            taken += len(rows)
            for row in rows:
                self._crew.start(f"holdfast execution {row['name']}", self._run(venture_id, row))
        return taken > 0 and self._crew.free > 0

    async def _run(self, venture_id: UUID, row: Any) -> None:
        lease = Lease(
            kind=LeaseKind.EXECUTION,
            venture_id=venture_id,
            id=row["id"],
            epoch=row["epoch"],
            token=row["token"],
        )
        run = Run(
            lease=lease,
            name=row["name"],
            engine=self._hf.engine,
            writer=self._hf.writer(venture_id),
            attempt=row["attempt"],
            completed_steps=row["completed_steps"],
            metadata=row["metadata"],
        )
        try:
            async with held(lease, self._hf.heart):
                with spans.invoking(
                    run.id,
                    venture_id=venture_id,
                    name=run.name,
                    agent=row["kind"].removeprefix(CALLABLE_PREFIX),
                    attempt=run.attempt,
                ):
                    await self._finish(run, self._agents.of_kind(row["kind"]), row["input"])
        except asyncio.CancelledError:
            with contextlib.suppress(HoldfastError):
                await asyncio.shield(self._release(run, "its worker stops"))
            raise
        except LeaseLost as error:
            logger.info("execution %s: %s", row["name"], error)
        except HoldfastError as error:
            logger.warning("execution %s: %s", row["name"], error)

    async def _finish(self, run: Run, agent: Agent, given: Any) -> None:
        match await _outcome(run, agent, given):
            case Done(result):
                await self._end(run, status="completed", result=result)
            case Failed(error, result):
                spans.failed(error)
                await self._end(run, status="failed", result=result, error=error)
            case Cancelled(reason):
                await self._release(run, reason)
            case Postponed(reason, seconds):
                await self._release(run, reason, retry_in_seconds=seconds)

    async def _end(self, run: Run, **outcome: Any) -> None:
        try:
            await self._hf.engine.call(
                "finish_execution", execution_id=run.id, **run.lease.fence, **outcome
            )
        except LeaseLost:
            raise
        except HoldfastError as error:  # the result was refused: say so instead of running for ever
            if outcome["status"] == "failed" and outcome.get("result") is None:
                raise
            await self._end(run, status="failed", error=f"{type(error).__name__}: {error}")

    async def _release(self, run: Run, reason: str, *, retry_in_seconds: float = 0.0) -> None:
        await self._hf.engine.call(
            "release_execution",
            execution_id=run.id,
            **run.lease.fence,
            reason=reason,
            retry_in_seconds=retry_in_seconds,
            counts=False,
        )


async def _outcome(run: Run, agent: Agent, given: Any) -> Outcome:
    """What the agent gave, with all that it said on the way kept; what it did not foresee is a failure too."""
    try:
        outcome = await agent.run(run, given)
        await run.flush()
    except (LeaseLost, DatabaseUnavailable):
        raise
    except Exception as error:
        return Failed(f"{type(error).__name__}: {error}")
    return outcome
