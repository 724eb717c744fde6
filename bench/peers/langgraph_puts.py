"""`python -m bench.peers.langgraph_puts URL SECONDS CALLERS MESSAGES`: checkpoints a second of LangGraph's own saver for PostgreSQL."""

from __future__ import annotations

import sys

import uvloop
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from bench._callers import rate_of
from bench._putting import putting


async def main(url: str, seconds: float, callers: int, messages: int) -> None:
    # The server's user has a schema of its own name, in which there are other checkpoints.
    path = {"options": "-c search_path=public"}
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row, **path}
    async with AsyncConnectionPool(url, min_size=32, max_size=32, kwargs=options) as pool:
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        print(await rate_of(putting(saver, messages=messages), callers=callers, seconds=seconds))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
