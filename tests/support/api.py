"""A server that is really there: uvicorn on a free port, in front of the test's own database."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.types import ASGIApp

from holdfast.api.app import make_app
from holdfast.api.credentials import tickets, tokens
from holdfast.api.identity import signed_in
from holdfast.api.serving import Serving, address_of, listen
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.live.watch import Watch
from tests.support.callers import ROLES
from tests.support.patience import PATIENCE_SECONDS

VENTURE = "acme"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A running server, and a token of each role in the venture `acme`."""

    url: str
    engine: PostgresEngine
    venture_id: UUID
    tokens: dict[str, str]

    def headers(self, role: str) -> dict[str, str]:
        """What a caller of that role sends."""
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    @asynccontextmanager
    async def client(
        self, role: str | None = "owner", **options: Any
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """A client with the token of a role, or with none."""
        headers = self.headers(role) if role else {}
        given: dict[str, Any] = {
            "base_url": self.url,
            "headers": headers,
            "timeout": PATIENCE_SECONDS,
        } | options
        async with httpx2.AsyncClient(**given) as client:
            yield client

    async def sign_in_path(self) -> str:
        """The path of a link that signs a browser in."""
        ticket = await tickets.issue(self.engine, signed_in("Ann"), "sign-in", seconds=60)
        return f"/sign-in?ticket={ticket}"


@asynccontextmanager
async def serving(
    engine: PostgresEngine, *, venture: str = VENTURE, with_tools: bool = False, **settings: Any
) -> AsyncIterator[Server]:
    """A server in front of a database, with the settings of the test's choice."""
    venture_id = await engine.call_value("open_venture", slug=venture)
    made = {
        role: (await tokens.create(engine, venture_id, name=role, role=role))["token"]
        for role in ROLES
    }
    async with contextlib.AsyncExitStack() as stack:
        mounts = {"/mcp": await stack.enter_async_context(_tools(engine))} if with_tools else {}
        app = await make_app(Settings(**settings), engine, mounts=mounts)
        listening = stack.enter_context(contextlib.closing(listen("127.0.0.1", 0)))
        running = Serving(app, listening)
        await running.start()
        try:
            yield Server(
                url=address_of(listening), engine=engine, venture_id=venture_id, tokens=made
            )
        finally:
            await asyncio.wait_for(running.stop(), PATIENCE_SECONDS)


@asynccontextmanager
async def _tools(engine: PostgresEngine) -> AsyncIterator[ASGIApp]:
    # The protocol's library takes long to load: only the tests of the tools wait for it.
    from holdfast.mcp import over_http

    watch = Watch(engine)
    try:
        async with over_http.serving(watch, lease_seconds=30) as app:
            yield app
    finally:
        await watch.stop()


@pytest.fixture
async def server(engine: PostgresEngine) -> AsyncIterator[Server]:
    """A server on a fresh, migrated database."""
    async with serving(engine) as running:
        yield running
