"""What the live routes keep running beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.api.gateway import Gateway
from holdfast.live.hub import Hub
from holdfast.live.pointers import Pointers


@asynccontextmanager
async def hub(gateway: Gateway) -> AsyncIterator[None]:
    """One hub for all connections, and the pointers for who only listens to the database."""
    running = Hub(gateway.engine)
    pointers = Pointers(gateway.engine, running)
    gateway.parts[Hub] = running
    pointers.start()
    try:
        yield
    finally:
        await pointers.stop()
        await running.stop()
