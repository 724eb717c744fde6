"""The OpenAPI document of the server, without a server."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from holdfast.api import routes


def openapi() -> dict[str, Any]:
    """What the server serves at `/api/v1/openapi.json`."""
    app = FastAPI(title="Holdfast", version=version("holdfast"))
    for router in routes.ROUTERS:
        app.include_router(router)
    return app.openapi()
