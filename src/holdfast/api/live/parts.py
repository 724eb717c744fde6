"""What the live routes keep running beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.api.gateway import Gateway
from holdfast.live.hub import Hub


@asynccontextmanager
async def hub(gateway: Gateway) -> AsyncIterator[None]:
    """One hub for all connections; it begins when the first one comes."""
    running = Hub(gateway.engine)
    gateway.parts[Hub] = running
    try:
        yield
    finally:
        await running.stop()
