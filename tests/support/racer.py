"""One of many processes that race for a directive: `python racer.py URL SESSION EPOCH TOKEN`.

It reads a directive's key from each line of its input, waits for the starting gun, claims, and prints what came of it.
"""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from holdfast.errors import AlreadyClaimed
from tests.support.races import GUN
from tests.support.sql import call_row, connected


async def main(url: str, session: str, epoch: str, token: str) -> None:
    fence = {"session_id": session, "epoch": int(epoch), "token": UUID(token)}
    async with connected(url) as connection:
        print("ready", flush=True)
        while sd_key := (await asyncio.to_thread(sys.stdin.readline)).strip():
            await connection.fetchval("select pg_advisory_lock_shared($1)", GUN)
            try:
                claim = await call_row(connection, "claim_directive", **fence, sd_key=sd_key)
            except AlreadyClaimed as refusal:
                said = f"lost to {refusal.detail['holder']}"
            else:
                said = f"won {claim['epoch']} {claim['token']}"
            await connection.fetchval("select pg_advisory_unlock_shared($1)", GUN)
            print(said, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
