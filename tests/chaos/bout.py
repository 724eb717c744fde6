"""One bout: plans are made, workers start, harm is done, and what came out is judged."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from holdfast.api.credentials import tokens
from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.calls import Engine
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import parse_plan
from tests.chaos import judge
from tests.chaos.crew import Slot
from tests.chaos.harm import Killer, World, killing
from tests.chaos.person import Person, answering
from tests.chaos.reading import Reading
from tests.chaos.schedule import Bout, Harm
from tests.chaos.script import Plan
from tests.support.crashing import CrashableServer
from tests.support.gateways import Gateway
from tests.support.network import SocketNetwork
from tests.support.workers import environment

LEASE_SECONDS = 1.5
# Without any event of any plan, and with nothing away because of us.
STUCK_SECONDS = 60.0
LOOKS_EVERY_SECONDS = 0.1
VENTURE = "default"

OPEN_PLANS = """
    select p.id from holdfast.plans p join holdfast.supervisor_states s on s.id = p.supervisor_id
    where p.ended_at is null or s.ended_at is null
"""
EVENTS = "select count(*) from holdfast.events"
TAKEN_UP = """
    select extract(epoch from restored_at - interrupted_at)::float8
    from holdfast.supervisor_restorations where interrupted_at is not null
"""


@dataclasses.dataclass(kw_only=True)
class Verdict:
    """What a bout showed."""

    plans: int
    faults: list[str]
    kills: Counter[Harm]
    save_points: list[str]
    taken_up_seconds: list[float]
    repeated_runs: int
    """How many runs of steps were done again because their worker died."""
    worn_out: int
    seconds: float


async def fight(bout: Bout, server: CrashableServer, database: str) -> Verdict:
    """Let a bout happen in a fresh database of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        reading = Reading(server.url_of(database))
        try:
            return await _fight(bout, server, database, folder, reading, began)
        finally:
            await reading.close()


async def _fight(
    bout: Bout, server: CrashableServer, database: str, folder: Path, reading: Reading, began: float
) -> Verdict:
    url = server.url_of(database)
    async with contextlib.AsyncExitStack() as stack:
        hf = await stack.enter_async_context(Holdfast(_settings(database_url=url)))
        venture_id = await hf.venture_id()
        token = (await tokens.create(hf.engine, venture_id, name="chaos", role="operator"))["token"]
        plans = {await _make(hf.engine, venture_id, plan, folder): plan for plan in bout.plans}
        network = SocketNetwork(server.folder, folder)
        await network.mend()
        stack.push_async_callback(network.cut)
        gateway = await _gateway(stack, url, folder) if bout.through_gateway else None
        remote = {"url": gateway.url, "token": token} if gateway is not None else {}
        far = server.url_of(database, through=folder)
        slots = [
            Slot(_environment(url, number, far=far, remote=remote), points, folder / f"worker-{number}.log")
            for number, points in enumerate(bout.save_points)
        ]
        world = World(
            server=server,
            network=network,
            gateway=gateway,
            slots=slots,
            plan_ids=list(plans),
            folder=folder,
            lease_seconds=LEASE_SECONDS,
        )
        killer = Killer(world, reading, bout.kills)
        asks = hf
        if gateway is not None:
            asks = await stack.enter_async_context(Holdfast(_settings(**remote)))
        person = Person(asks.engine, reading, plans, venture_id)
        faults = []
        async with _working(slots), answering(person), killing(killer):
            if not await _over(reading, killer):
                faults.append("it is stuck")
        for slot in slots:
            killer.done[Harm.SAVE_POINT] += len(slot.died_at)
        return await _judged(bout, plans, person, reading, killer, slots, folder, faults, began)


def _settings(**given: object) -> Settings:
    return Settings(venture=VENTURE, **given)  # type: ignore[arg-type]


def _environment(url: str, number: int, *, far: str, remote: dict[str, str]) -> dict[str, str]:
    """The first worker stands at the database, the second beyond a network, the third beyond a server, if there is one."""
    common = {"lease_seconds": LEASE_SECONDS, "max_deaths": 1000, "venture": VENTURE}
    match number:
        case 1:
            return environment(far, **common)
        case 2 if remote:
            named = {f"HOLDFAST_{name.upper()}": value for name, value in remote.items()}
            return environment(None, **common) | named
    return environment(url, **common)


async def _make(engine: Engine, venture_id: UUID, plan: Plan, folder: Path) -> UUID:
    own = folder / plan.name
    own.mkdir()
    read = parse_plan(plan.as_file(own), plan.name)
    return (await create_plan(engine, venture_id, read, cwd=own, work_dir=own)).id


async def _gateway(stack: contextlib.AsyncExitStack, url: str, folder: Path) -> Gateway:
    gateway = Gateway(url, folder, api_updates_per_minute=1_000_000)
    stack.callback(gateway.kill)
    await gateway.start()
    return gateway


@asynccontextmanager
async def _working(slots: list[Slot]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(slot.keep_up(), name="worker") for slot in slots]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for slot in slots:
            slot.end()


async def _over(reading: Reading, killer: Killer) -> bool:
    """Wait until every plan is over; says no if nothing happens any more."""
    events, since = 0, time.monotonic()
    while await reading.all(OPEN_PLANS):
        now = await reading.one(EVENTS)
        if now != events or killer.is_doing_harm:
            events, since = now, time.monotonic()
        if time.monotonic() - since > STUCK_SECONDS:
            return False
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
    return True


async def _judged(
    bout: Bout,
    plans: dict[UUID, Plan],
    person: Person,
    reading: Reading,
    killer: Killer,
    slots: list[Slot],
    folder: Path,
    faults: list[str],
    began: float,
) -> Verdict:
    worn_out = 0
    for id, plan in plans.items():
        outcome = await judge.read_outcome(reading, id)
        worn_out += outcome.worn_out
        found = judge.faults_of(plan, outcome, folder / plan.name)
        faults += [f"{plan.name} ({plan.shape}, {id}): {fault}" for fault in found]
    faults += await judge.faults_of_answers(reading, person.answered)
    faults += await judge.faults_of_streams(reading)
    return Verdict(
        plans=len(plans),
        faults=faults,
        kills=killer.done,
        save_points=[point for slot in slots for point in slot.died_at],
        taken_up_seconds=[row[0] for row in await reading.all(TAKEN_UP)],
        repeated_runs=_repeated_runs(folder),
        worn_out=worn_out,
        seconds=time.monotonic() - began,
    )


def _repeated_runs(folder: Path) -> int:
    runs = [line for file in folder.glob("*/*.runs") for line in file.read_text().splitlines()]
    return len(runs) - len(set(runs))
