"""A server that runs beside a test which is not asynchronous itself: in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from tests.support.api import Server, serving


@contextmanager
def server_beside(database_url: str, *, venture: str = "default") -> Iterator[Server]:
    """A server in front of a database, until the block ends."""
    ready: Future[tuple[Server, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        engine = PostgresEngine(database_url, settings=Settings())
        await engine.open()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(engine.close)
            server = await stack.enter_async_context(
                serving(engine, venture=venture, api_updates_per_minute=100_000)
            )
            stop = asyncio.Event()
            ready.set_result((server, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=lambda: _run(serve(), ready), name="server beside")
    thread.start()
    server, loop, stop = ready.result(timeout=30)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=30)


def _run(work: Coroutine[Any, Any, None], ready: Future[Any]) -> None:
    try:
        asyncio.run(work)
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise
