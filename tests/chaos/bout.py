"""One bout: plans are made, workers start, harm is done, and what came out is judged."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.api.credentials import tokens
from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.calls import Engine
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import parse_plan
from tests.chaos import judge
from tests.chaos.crew import Slot
from tests.chaos.harm import Killer, World, killing, started
from tests.chaos.person import Person, answering
from tests.chaos.reading import Reading
from tests.chaos.schedule import Bout, Harm
from tests.chaos.script import Plan
from tests.chaos.telling import story_of
from tests.support.crashing import CrashableServer
from tests.support.gateways import Gateway
from tests.support.network import SocketNetwork
from tests.support.workers import environment

LEASE_SECONDS = 1.5
# Without any event of any plan, and with nothing away because of us. A machine whose cores others keep busy may take a
# minute to start a worker.
STUCK_SECONDS = 180.0
LOOKS_EVERY_SECONDS = 0.1
VENTURE = "default"
_LOG_CHARACTERS = 20_000

OPEN_PLANS = """
    select p.id from holdfast.plans p join holdfast.supervisor_states s on s.id = p.supervisor_id
    where p.ended_at is null or s.ended_at is null
"""
EVENTS = "select count(*) from holdfast.events"
TAKEN_UP = """
    select extract(epoch from restored_at - interrupted_at)::float8
    from holdfast.supervisor_restorations where interrupted_at is not null
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a bout showed."""

    faults: list[str]
    stories: list[str]
    """Those of the plans with faults, and what the processes said."""
    plans: int = 0
    kills: Counter[Harm] = dataclasses.field(default_factory=Counter)
    save_points: list[str] = dataclasses.field(default_factory=list)
    taken_up_seconds: list[float] = dataclasses.field(default_factory=list)
    repeated_runs: int = 0
    """How many runs of steps were done again because their worker died."""
    rolled_back: int = 0
    """How many plans an operator had rolled back."""
    worn_out: int = 0
    """How many executions died so often that the engine gave up on them, which no script foretells."""
    seconds: float = 0.0


async def fight(bout: Bout, server: CrashableServer, database: str) -> Verdict:
    """Let a bout happen in a fresh database of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            async with AsyncExitStack() as stack:
                ring = await _prepared(stack, bout, server, database, folder)
                verdict = await ring.judged(await ring.fight())
        except Exception as error:  # one bout that cannot be fought does not end the others
            told = "".join(traceback.format_exception(error))
            verdict = Verdict(faults=[f"{type(error).__name__}: {error}"], stories=[told])
        if verdict.faults:
            verdict.stories.extend(_logs(folder))
    return dataclasses.replace(verdict, plans=len(bout.plans), seconds=time.monotonic() - began)


def _logs(folder: Path) -> list[str]:
    """How everybody's log ended."""
    return [f"{log.name}:\n{log.read_text()[-_LOG_CHARACTERS:]}" for log in folder.glob("*.log")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Ring:
    """Everything that takes part in a bout."""

    folder: Path
    reading: Reading
    plans: dict[UUID, Plan]
    slots: list[Slot]
    person: Person
    killer: Killer
    hf: Holdfast

    async def fight(self) -> bool:
        """Until every plan is over; says no if nothing happens any more."""
        async with _working(self.slots), answering(self.person), killing(self.killer):
            return await _over(self.reading, self.killer)

    async def judged(self, is_over: bool) -> Verdict:
        faults = [] if is_over else [f"nothing happened for {STUCK_SECONDS:.0f} s"]
        stories, worn_out, rolled_back = [], 0, 0
        for plan_id, plan in self.plans.items():
            outcome = await judge.read_outcome(self.reading, plan_id)
            worn_out += outcome.worn_out
            rolled_back += outcome.was_rolled_back
            found = list(judge.faults_of(plan, outcome, self.folder / plan.name))
            faults += [f"{plan.name} ({plan.shape}): {fault}" for fault in found]
            if found:
                stories.append(await story_of(self.hf, plan_id, plan))
        faults += await judge.faults_of_answers(self.reading, self.person.answered)
        faults += await judge.faults_of_streams(self.reading)
        points = [point for slot in self.slots for point in slot.died_at]
        return Verdict(
            faults=faults,
            stories=stories,
            kills=self.killer.done + Counter({Harm.SAVE_POINT: len(points)}),
            save_points=points,
            taken_up_seconds=[row[0] for row in await self.reading.all(TAKEN_UP)],
            repeated_runs=_repeated_runs(self.folder),
            rolled_back=rolled_back,
            worn_out=worn_out,
        )


async def _prepared(
    stack: AsyncExitStack, bout: Bout, server: CrashableServer, database: str, /, folder: Path
) -> _Ring:
    url = server.url_of(database)
    reading = Reading(url)
    stack.push_async_callback(reading.close)
    hf = await stack.enter_async_context(Holdfast(Settings(database_url=url, venture=VENTURE)))
    venture_id = await hf.venture_id()
    plans = {await _make(hf.engine, venture_id, plan, folder): plan for plan in bout.plans}
    network = SocketNetwork(server.folder, folder)
    await network.mend()
    stack.push_async_callback(network.cut)
    gateway = await _gateway(stack, url, folder) if bout.through_gateway else None
    remote = await _remote(hf, venture_id, gateway)
    slots = _slots(bout, folder, url, server.url_of(database, through=folder), remote)
    asks = hf
    if remote:
        asks = await stack.enter_async_context(Holdfast(Settings(venture=VENTURE, **remote)))
    world = World(
        server=server,
        network=network,
        gateway=gateway,
        slots=slots,
        plan_ids=list(plans),
        operator=hf.engine,
        venture_id=venture_id,
        folder=folder,
        lease_seconds=LEASE_SECONDS,
    )
    return _Ring(
        folder=folder,
        reading=reading,
        plans=plans,
        slots=slots,
        person=Person(asks.engine, reading, plans, venture_id),
        killer=Killer(world, reading, bout.kills),
        hf=hf,
    )


async def _make(engine: Engine, venture_id: UUID, plan: Plan, folder: Path) -> UUID:
    own = folder / plan.name
    own.mkdir()
    read = parse_plan(plan.as_file(own), plan.name)
    return (await create_plan(engine, venture_id, read, cwd=own, work_dir=own)).id


async def _gateway(stack: AsyncExitStack, url: str, folder: Path) -> Gateway:
    gateway = Gateway(url, folder, api_updates_per_minute=1_000_000)
    stack.callback(gateway.kill)
    await started(gateway)
    return gateway


async def _remote(hf: Holdfast, venture_id: UUID, gateway: Gateway | None) -> dict[str, Any]:
    """The settings of who works through the gateway, if there is one."""
    if gateway is None:
        return {}
    made = await tokens.create(hf.engine, venture_id, name="chaos", role="operator")
    return {"url": gateway.url, "token": made["token"]}


def _slots(bout: Bout, folder: Path, url: str, far: str, /, remote: dict[str, Any]) -> list[Slot]:
    """The second worker stands beyond a network, the third beyond a server, if there is one; the others at the database."""
    common = {"lease_seconds": LEASE_SECONDS, "max_deaths": 1000, "venture": VENTURE}
    places = {1: environment(far, **common)}
    if remote:
        named = {f"HOLDFAST_{name.upper()}": str(value) for name, value in remote.items()}
        places[2] = environment(None, **common) | named
    return [
        Slot(
            places.get(number, environment(url, **common)), points, folder / f"worker-{number}.log"
        )
        for number, points in enumerate(bout.save_points)
    ]


@asynccontextmanager
async def _working(slots: list[Slot]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(slot.keep_up(), name="worker") for slot in slots]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        for slot in slots:
            slot.end()


async def _over(reading: Reading, killer: Killer) -> bool:
    events, since = 0, time.monotonic()
    while await reading.all(OPEN_PLANS):
        now = await reading.one(EVENTS)
        if now != events or killer.is_doing_harm:
            events, since = now, time.monotonic()
        if time.monotonic() - since > STUCK_SECONDS:
            return False
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
    return True


def _repeated_runs(folder: Path) -> int:
    runs = [line for file in folder.glob("*/*.runs") for line in file.read_text().splitlines()]
    return len(runs) - len(set(runs))
