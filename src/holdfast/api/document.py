"""The OpenAPI document of the server: what the routes say of themselves, how callers are known, and examples."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from holdfast.api import routes
from holdfast.api.access import caller
from holdfast.api.credentials import cookies
from holdfast.api.examples import EXAMPLES

_SCHEMES: dict[str, dict[str, str]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token of `holdfast token create`, or a JWT that the server is told to trust.",
    },
    "apikey": {
        "type": "apiKey",
        "in": "header",
        "name": "apikey",
        "description": "The same, as Supabase's clients send it.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": cookies.NAME,
        "description": "What a browser has that came by a sign-in link; from the server's own pages only.",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "One of `POST /api/v1/tickets`: good for one request, and 30 seconds.",
    },
}


def openapi() -> dict[str, Any]:
    """What the server serves at `/api/v1/openapi.json`, without a server."""
    app = FastAPI(title="Holdfast", version=version("holdfast"))
    for router in routes.ROUTERS:
        app.include_router(router)
    describe(app)
    return app.openapi()


def describe(app: FastAPI) -> None:
    """Have the application's document say also what FastAPI does not know."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        return app.openapi_schema or _completed(plain())

    app.openapi = described  # type: ignore[method-assign] # as FastAPI's manual has it


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    for name, examples in EXAMPLES.items():
        components["schemas"][name]["examples"] = examples
    for route, operation in _operations(document):
        asks = _asks_who_calls(route.dependant)
        operation["security"] = [{name: []} for name in _SCHEMES] if asks else []
    return document


def _operations(document: Any) -> Iterator[tuple[APIRoute, dict[str, Any]]]:
    for route in chain.from_iterable(router.routes for router in routes.ROUTERS):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                yield route, document["paths"][route.path_format][method.lower()]


def _asks_who_calls(dependant: Dependant) -> bool:
    return dependant.call is caller or any(map(_asks_who_calls, dependant.dependencies))
