"""Doing harm: each kill of a schedule is carried out when the plans have made so many moves."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import HoldfastError
from tests.chaos.crew import Slot
from tests.chaos.reading import Reading
from tests.chaos.schedule import Harm, Kill
from tests.support.crashing import CrashableServer
from tests.support.gateways import Gateway
from tests.support.network import Network

LOOKS_EVERY_SECONDS = 0.05
MOST_DEATHS = 2
_SPARED_FOR_SECONDS = 20.0
_GATEWAY_TRIES = 3

MOVES = "select count(*) from holdfast.events where stream = 'plan'"
RUNNER = """
    select s.lease_holder from holdfast.supervisor_states s join holdfast.plans p on p.supervisor_id = s.id
    where p.id = $1 and s.lease_token is not null
"""
EXECUTOR = """
    select e.lease_holder from holdfast.agent_executions e join holdfast.plans p on p.supervisor_id = e.supervisor_id
    where p.id = $1 and e.lease_token is not null and e.ended_at is null
"""
# One more death and the engine gives up on it, which no script foretells.
WORN = "select count(*) from holdfast.agent_executions where ended_at is null and attempt > $1"

PAUSED = "select ended_at is null and paused_at is not null from holdfast.plans where id = $1"


@dataclasses.dataclass(kw_only=True)
class World:
    """Whom harm can be done to."""

    server: CrashableServer
    network: Network
    gateway: Gateway | None
    slots: list[Slot]
    plan_ids: list[UUID]
    operator: Engine
    venture_id: UUID
    folder: Path
    lease_seconds: float


class Killer:
    """Carries out a bout's kills."""

    def __init__(self, world: World, reading: Reading, kills: tuple[Kill, ...]) -> None:
        self._world = world
        self._reading = reading
        self._kills = list(kills)
        self._outages: set[asyncio.Task[None]] = set()
        self.done: Counter[Harm] = Counter()

    @property
    def is_doing_harm(self) -> bool:
        """Whether something is away because of us."""
        return any(not task.done() for task in self._outages)

    async def go_on(self) -> None:
        """Wait for each kill's moment."""
        for kill in self._kills:
            while await self._reading.one(MOVES) < kill.at_move:
                await asyncio.sleep(LOOKS_EVERY_SECONDS)
            await self._spare_the_worn()
            # Outages last; the next harm does not wait for their end.
            task = asyncio.create_task(self._carry_out(kill), name=kill.harm)
            self._outages.add(task)
            await asyncio.sleep(0)

    async def kill_programs(self) -> None:
        """Kill the programs whose script says so, for ever."""
        while True:
            for victim in self._world.folder.glob("*/*.victim"):
                self._kill_program(int(victim.stem))
                victim.unlink()
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def mend(self) -> None:
        """End every outage."""
        await asyncio.gather(*self._outages)

    async def _spare_the_worn(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SPARED_FOR_SECONDS):
                while await self._reading.one(WORN, MOST_DEATHS):
                    await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def _carry_out(self, kill: Kill) -> None:
        seconds = kill.leases * self._world.lease_seconds
        match kill.harm:
            case Harm.SUPERVISOR:
                (await self._holder(RUNNER, kill)).kill()
            case Harm.EXECUTOR:
                (await self._holder(EXECUTOR, kill)).kill()
            case Harm.FROZEN:
                await self._freeze(self._slot(kill), seconds)
            case Harm.POSTGRES:
                await self._world.server.restart_after_kill()
            case Harm.GATEWAY if self._world.gateway is not None:
                self._world.gateway.kill()
                await started(self._world.gateway)
            case Harm.CUT:
                await self._world.network.cut()
                await asyncio.sleep(seconds)
                await self._world.network.mend()
            case Harm.STALLED:
                self._world.network.stall()
                await asyncio.sleep(seconds)
                self._world.network.flow()
            case Harm.LOST_ANSWER:
                self._world.network.answers_to_lose += 1
            case Harm.PAUSED:
                await self._pause(self._plan(kill), seconds)
        self.done[kill.harm] += 1

    async def _pause(self, plan_id: UUID, seconds: float) -> None:
        """Pause a plan, and let it go on; one that is over stays so."""
        await self._steer("pause_plan", plan_id)
        await asyncio.sleep(seconds)
        while await self._reading.one(PAUSED, plan_id):  # also where our own answer was lost
            await self._steer("resume_plan", plan_id)

    async def _steer(self, function: str, plan_id: UUID) -> None:
        """Say something as an operator; it may be refused, or lost."""
        with contextlib.suppress(HoldfastError):
            await self._world.operator.call(
                function, plan_id=plan_id, venture_id=self._world.venture_id
            )

    async def _freeze(self, slot: Slot, seconds: float) -> None:
        pid = slot.pid
        slot.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if pid == slot.pid:
            slot.send(signal.SIGCONT)

    async def _holder(self, query: str, kill: Kill) -> Slot:
        """The worker that holds something of the plan now; any one if none does."""
        holders = [row[0] for row in await self._reading.all(query, self._plan(kill))]
        found = (
            slot for slot in self._world.slots if any(h.endswith(f"/{slot.pid}") for h in holders)
        )
        return next(found, self._slot(kill))

    def _plan(self, kill: Kill) -> UUID:
        return self._world.plan_ids[kill.subject % len(self._world.plan_ids)]

    def _slot(self, kill: Kill) -> Slot:
        return self._world.slots[kill.subject % len(self._world.slots)]

    def _kill_program(self, pid: int) -> None:
        """Kill one that is still ours."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if str(self._world.folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                self.done[Harm.PROGRAM] += 1


async def started(gateway: Gateway) -> None:
    """Start it, however busy others keep the machine."""
    for _ in range(_GATEWAY_TRIES):
        with contextlib.suppress(TimeoutError):
            await gateway.start()
            return
    raise TimeoutError("the gateway does not start")


@asynccontextmanager
async def killing(killer: Killer) -> AsyncIterator[None]:
    """Harm is done while the block runs; at its end every outage is over."""
    tasks = [
        asyncio.create_task(killer.go_on(), name="killer"),
        asyncio.create_task(killer.kill_programs(), name="killer of programs"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await killer.mend()
