"""A program that follows a feed and prints each event with the cursor behind it: URL SINCE."""

from __future__ import annotations

import asyncio
import sys

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.tail import Tail


async def main(url: str, since: str) -> None:
    engine = PostgresEngine(url, settings=Settings())
    async for event, cursor in Tail(engine, venture_id=None, since=since):
        print(event.stream_id, event.seq, cursor, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
