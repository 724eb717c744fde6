"""`/metrics` for Prometheus: of the ventures that the caller sees, and of the process for who may see all of them."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from holdfast.api import access
from holdfast.api.gateway import Gateway, gateway_of
from holdfast.engine.calls import Calls
from holdfast.telemetry.gauges import exposition
from holdfast.telemetry.meter import Meter

router = APIRouter(tags=["telemetry"])


@asynccontextmanager
async def metering(gateway: Gateway) -> AsyncIterator[None]:
    """Count the engine's calls for as long as the server runs."""
    meter = Meter()
    gateway.parts[Meter] = meter
    gateway.engine.observers.add(meter.observe)
    try:
        yield
    finally:
        gateway.engine.observers.remove(meter.observe)


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Say what is going on, in Prometheus' text format."""
    gateway = gateway_of(request)
    engine, sees_all = await _reader(request, gateway)
    rows = await engine.read("gauges")
    hold = (await gateway.engine.read("feed_hold"))[0]["seconds"] if sees_all else None
    body = exposition(rows, hold)
    if sees_all and Meter in gateway.parts:
        body += generate_latest(gateway.parts[Meter].registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


async def _reader(request: Request, gateway: Gateway) -> tuple[Calls, bool]:
    """As whom the metrics are read, and whether those of the process are among them."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    wanted = gateway.settings.api_metrics_token
    if wanted and hmac.compare_digest(given.encode(), wanted.encode()):
        return gateway.engine, True
    who = await access.caller(request)
    return who.engine, who.is_service or who.identity.everywhere is not None
