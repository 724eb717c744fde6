"""Executions that log while clients follow them over a gateway that is a process of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from pathlib import Path

from holdfast.api.credentials import tokens
from holdfast.client import Holdfast
from holdfast.config import Settings
from tests.support.feed import FAULTLESS, judge, until, written
from tests.support.followers import SocketFollower
from tests.support.gateways import Gateway

LOGS_A_SECOND = 2.0
WARM_UP_SHARE = 0.3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a soak found."""

    events: int
    faulty_clients: int
    resident_before: int
    resident_after: int

    @property
    def growth(self) -> float:
        """The gateway's memory at the end over that after the warm-up."""
        return self.resident_after / self.resident_before


async def soak(
    database_url: str, folder: Path, *, seconds: float, executions: int, clients: int
) -> Outcome:
    """Let executions log for so long, and compare what every client was given with the table."""
    gateway = Gateway(database_url, folder)
    settings = Settings(database_url=database_url, venture="acme")
    async with Holdfast(settings) as hf:
        venture_id = await hf.venture_id()
        token = (await tokens.create(hf.engine, venture_id, name="soak", role="viewer"))["token"]
        try:
            await gateway.start()
            followers = [
                SocketFollower(
                    [gateway.url], token, venture="acme", seed=n, leaves_after=_leaves(n)
                )
                for n in range(clients)
            ]
            tasks = [asyncio.create_task(follower.follow()) for follower in followers]
            before = await _work(hf, gateway, seconds=seconds, executions=executions)
            truth = await written(database_url)
            await until(
                lambda: all(len(one.delivered) >= len(truth) for one in followers),
                "every client caught up",
                seconds=60 + seconds,
            )
            after = resident_bytes(gateway.pid)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            gateway.kill()
    faulty = sum(judge(one.delivered, truth) != FAULTLESS for one in followers)
    return Outcome(
        events=len(truth), faulty_clients=faulty, resident_before=before, resident_after=after
    )


async def _work(hf: Holdfast, gateway: Gateway, *, seconds: float, executions: int) -> int:
    """Log until the time is over; gives the gateway's memory after the warm-up."""
    ends_at = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(executions):
            group.create_task(_log(hf, number, ends_at))
        await asyncio.sleep(seconds * WARM_UP_SHARE)
        return resident_bytes(gateway.pid)


async def _log(hf: Holdfast, number: int, ends_at: float) -> None:
    while time.monotonic() < ends_at:
        async with hf.execution(f"soak {number}", steps=10) as run:
            for line in range(20):
                if time.monotonic() >= ends_at:
                    return
                run.log(f"line {line} of {number}: " + "x" * 200)
                await asyncio.sleep(1 / LOGS_A_SECOND)


def _leaves(number: int) -> int | None:
    return 97 if number % 10 == 0 else None


def resident_bytes(pid: int) -> int:
    """How much memory a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
