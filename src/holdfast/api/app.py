"""The application: routes, what stands before them, and what runs beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from holdfast.api import docs_page, document, pages, problems, routes
from holdfast.api.credentials import cookies
from holdfast.api.credentials.jwt import Verifier
from holdfast.api.credentials.secrets import digest as new_key_of
from holdfast.api.credentials.secrets import new_secret
from holdfast.api.gateway import Gateway
from holdfast.api.limits import Limits
from holdfast.api.mounting import Guarded
from holdfast.api.shell import BodyLimit, Hosts, Net
from holdfast.config import Settings
from holdfast.engine.catalogue import read_catalogue
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.bus import Bus

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EXPOSED = ["ETag", "Content-Range", "Retry-After", "Location"]


async def make_app(
    settings: Settings, engine: PostgresEngine, *, mounts: Mapping[str, ASGIApp] | None = None
) -> FastAPI:
    """The server's application, on an engine that is open.

    Args:
        settings: what it was told.
        engine: the door to a migrated database.
        mounts: other applications by their path, such as the MCP server; each request's scope has its `Acting`.
    """
    gateway = await open_gateway(settings, engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in routes.LIFESPANS:
                await stack.enter_async_context(part(gateway))
            yield

    app = FastAPI(
        title="Holdfast",
        version=version("holdfast"),
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.gateway = gateway
    problems.install(app)
    for router in routes.ROUTERS:
        app.include_router(router)
    document.describe(app)
    for path, mounted in (mounts or {}).items():
        app.router.routes.append(Route(path, Guarded(mounted), include_in_schema=False))
    docs_page.install(app)
    pages.install(app)
    _put_shell_around(app, settings)
    return app


async def open_gateway(settings: Settings, engine: PostgresEngine) -> Gateway:
    """What the routes share."""
    return Gateway(
        settings=settings,
        engine=engine,
        catalogue=await read_catalogue(engine),
        verifier=Verifier(settings),
        cookies=await cookies.open_cookies(engine, new_key_of(new_secret())),
        limits=Limits(settings.api_updates_per_minute),
        bus=Bus(settings.nats_url) if settings.nats_url else None,
    )


def _put_shell_around(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    app.add_middleware(BodyLimit, max_bytes=settings.api_max_body_bytes)
    if settings.api_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.api_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    app.add_middleware(Hosts, names=_names(settings))
    app.add_middleware(Net)


def _names(settings: Settings) -> frozenset[str] | None:
    """The names that the server answers to; any, where it listens for other machines and was told none."""
    if settings.api_host not in LOOPBACK and not settings.api_hosts:
        return None
    return LOOPBACK | {settings.api_host} | {name.lower() for name in settings.api_hosts}
