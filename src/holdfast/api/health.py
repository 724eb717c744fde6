"""Whether the server lives, and whether it can work."""

from __future__ import annotations

import ipaddress
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request

from holdfast.api.gateway import gateway_of
from holdfast.engine.holding import holder_name

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def health(request: Request) -> dict[str, Any]:
    """Say that the server lives; on its own machine also which process it is."""
    told = {"status": "ok", "server": "holdfast", "version": version("holdfast")}
    return told | ({"process": holder_name()} if _is_near(request) else {})


@router.get("/readyz")
async def ready(request: Request) -> dict[str, Any]:
    """Say that the database answers; 503 if it does not."""
    await gateway_of(request).engine.read("alive")
    return {"status": "ok"}


def _is_near(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
