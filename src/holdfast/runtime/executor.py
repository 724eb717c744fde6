"""Takes ready executions and runs them with the agent of their kind."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from holdfast.agents import Agent, Agents, Cancelled, Done, Failed, Outcome, Postponed
from holdfast.client import Holdfast
from holdfast.engine.backoff import patiently
from holdfast.engine.calls import Row
from holdfast.engine.holding import held
from holdfast.engine.listener import Listener
from holdfast.errors import DatabaseUnavailable, HoldfastError, LeaseLost
from holdfast.executions.run import Run
from holdfast.model.kinds import CALLABLE_PREFIX
from holdfast.model.leases import Lease, LeaseKind
from holdfast.runtime.claiming import Claiming
from holdfast.runtime.duty import logger
from holdfast.runtime.ventures import Ventures
from holdfast.telemetry import spans


class Executor(Claiming):
    """Runs executions, as many at once as it may."""

    name = "executor"
    kind = LeaseKind.EXECUTION
    function = "claim_executions"

    def __init__(
        self, hf: Holdfast, *, agents: Agents, ventures: Ventures, listener: Listener, limit: int
    ) -> None:
        super().__init__(hf, ventures=ventures, listener=listener, limit=limit)
        self._agents = agents

    def wanted(self) -> dict[str, Any]:
        """Those of the kinds that there are agents for."""
        return {"kinds": self._agents.kinds}

    async def run(self, lease: Lease, row: Row) -> None:
        """Run it with its agent, and say how it ended."""
        venture_id = lease.venture_id
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
            # As long as the lease is ours; a result may have taken hours, and is not thrown away because the database restarts.
            await patiently(
                lambda: self._hf.engine.call(
                    "finish_execution", execution_id=run.id, **run.lease.fence, **outcome
                )
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
