"""The tools over HTTP (Streamable HTTP), as a part of a server that says who calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.engine.acting import ACTING, Acting
from holdfast.live.watch import Watch
from holdfast.mcp.guests import Guests
from holdfast.mcp.server import make_server
from holdfast.mcp.tools import Tools


@asynccontextmanager
async def serving(watch: Watch, *, lease_seconds: float) -> AsyncIterator[ASGIApp]:
    """The application, for as long as it is served. Its requests' scopes have an `Acting`."""
    guests = Guests(watch, lease_seconds=lease_seconds)
    server = make_server(Tools(guests), version=version("holdfast"))
    # Hosts and origins are looked at by the server around it.
    server.streamable_http_app(
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False)
    )
    manager = server.session_manager

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        acting: Acting = scope[ACTING]
        # The library keeps each connection to who has opened it.
        owner = AccessToken(token="", client_id=f"{acting.caller} {acting.venture_id}", scopes=[])
        await manager.handle_request({**scope, "user": AuthenticatedUser(owner)}, receive, send)

    guests.start()
    async with _running(manager):
        try:
            yield serve
        finally:
            await guests.stop()
            await guests.leave()


@asynccontextmanager
async def _running(manager: StreamableHTTPSessionManager) -> AsyncIterator[None]:
    """Run the library's tasks in one of our own, because it must be left by the task that has entered it."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with manager.run():
            begun.set()
            await over.wait()

    task = asyncio.create_task(run(), name="holdfast mcp over http")
    await begun.wait()
    try:
        yield
    finally:
        over.set()
        await task
