"""Serving over standard input and output, until the agent program closes them or ends us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from importlib.metadata import version
from pathlib import Path

from mcp.server.mcpserver import Context

from holdfast.config import Settings
from holdfast.errors import HoldfastError
from holdfast.mcp.caller import Caller
from holdfast.mcp.desk import Desk
from holdfast.mcp.door import Door
from holdfast.mcp.seats import Seats
from holdfast.mcp.server import make_server
from holdfast.mcp.tools import Tools, caller_from
from holdfast.sync.cache import Cache

_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Here:
    """The one desk of a server that an agent program has started beside itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def desk(self, _: Context) -> Desk:
        """Where every call is answered."""
        return self._desk

    def caller(self, ctx: Context, key: str | None) -> Caller:
        """Who calls; the agent program names its session in our environment."""
        return caller_from(ctx, os.environ, key)


async def serve(settings: Settings) -> None:
    """Serve; the sessions that were started here are given up at the end."""
    door = Door(settings)
    seats = Seats(door, Cache.of_project(Path.cwd()))
    server = make_server(Tools(Here(Desk(seats))), version=version("holdfast"))
    serving = asyncio.create_task(server.run_stdio_async(), name="holdfast mcp")
    # The first call need not wait for it; where the database is away now, each call tries again.
    opening = asyncio.create_task(_opened(door), name="holdfast mcp door")
    ended = asyncio.Event()
    serving.add_done_callback(lambda _: ended.set())
    for ending in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(ending, ended.set)
    try:
        await ended.wait()
    finally:
        opening.cancel()
        await seats.leave()
        await door.close()
    with contextlib.suppress(asyncio.InvalidStateError):  # ended by a signal: it still reads
        serving.result()


async def _opened(door: Door) -> None:
    with contextlib.suppress(HoldfastError):
        await door.open()
