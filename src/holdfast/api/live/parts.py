"""What the live routes keep running beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.api.gateway import Gateway
from holdfast.live.bus import Bus
from holdfast.live.election import Election
from holdfast.live.fan_out import SharedTail
from holdfast.live.hub import Hub, MakeSource
from holdfast.live.pointers import Pointers
from holdfast.telemetry.meter import Meter


@asynccontextmanager
async def hub(gateway: Gateway) -> AsyncIterator[None]:
    """One hub for all connections, and the pointers for who only listens to the database."""
    async with _source(gateway, gateway.bus) as make_source:
        running = Hub(gateway.engine, make_source=make_source)
        pointers = Pointers(gateway.engine, running)
        gateway.parts[Hub] = running
        pointers.start()
        try:
            yield
        finally:
            await pointers.stop()
            await running.stop()


@asynccontextmanager
async def _source(gateway: Gateway, bus: Bus | None) -> AsyncIterator[MakeSource | None]:
    """Where the hub has the feed from, where that is not simply the database."""
    if bus is None:
        yield None
        return
    election = Election(gateway.engine)
    meter: Meter = gateway.parts[Meter]
    bus.start()
    try:
        yield lambda on_connect: SharedTail(
            gateway.engine,
            bus=bus,
            election=election,
            on_connect=on_connect,
            on_chunk=meter.count_chunk,
        )
    finally:
        await election.stop()
        await bus.stop()
