"""`python -m bench.peers.dbos_steps URL SECONDS CALLERS`: durable steps a second of DBOS, in as many workflows at once."""

from __future__ import annotations

import os
import sys

import uvloop
from dbos import DBOS

from bench._callers import rate_of

STEPS = 10


@DBOS.step()
async def step(number: int) -> dict[str, int]:
    return {"number": number}


@DBOS.workflow()
async def work(steps: int) -> None:
    for number in range(steps):
        await step(number)


async def main(url: str, seconds: float, callers: int) -> None:
    DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR"})
    DBOS.launch()
    rate = await rate_of(lambda _: work(STEPS), callers=callers, seconds=seconds)
    print(rate * STEPS, flush=True)
    os._exit(0)  # its workflows need not end politely: the database goes with the measurement


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
