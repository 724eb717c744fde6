"""`make chaos`: hundreds of made-up plans, and what can be killed is killed; says what it found."""

from __future__ import annotations

import argparse
import asyncio
import sys

 

from tests.chaos.arena import arena
from tests.chaos.bout import fight
from tests.chaos.schedule import make_bout

async def main() -> int:
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--bout", type=int, default=0)
    p.add_argument("--count", type=int, default=1)
    g = p.parse_args()
    async with arena() as a:
        for n in range(g.bout, g.bout + g.count):
            async with a.database() as db:
                v = await fight(make_bout(g.seed, n, plans=6, workers=3, kills=6), a.server, db)
                print(n, v.seconds, v.worn_out, v.repeated_runs, dict(v.kills), v.save_points, *v.faults, sep="\n  ", flush=True)
    return 0

if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
