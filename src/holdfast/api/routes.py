"""Every router of the server, and what runs beside them. A package with routes of its own adds itself here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from fastapi import APIRouter

from holdfast.api import engine_routes, health, me, metrics, otlp, resources, sign_in, token_routes
from holdfast.api.gateway import Gateway
from holdfast.api.live import parts, sse, websocket
from holdfast.api.postgrest import rpc, views

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    me.router,
    metrics.router,
    otlp.router,
    sign_in.router,
    token_routes.router,
    websocket.router,
    sse.router,
    engine_routes.router,
    *resources.ROUTERS,
    rpc.router,
    rpc.postgrest_router,
    views.router,
)

Part: TypeAlias = Callable[[Gateway], AbstractAsyncContextManager[None]]

LIFESPANS: tuple[Part, ...] = (metrics.metering, parts.hub)
"""What is entered before the first request and left after the last; it may put itself into `gateway.parts`."""
