"""Holdfast on a fresh database, and through a server in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from holdfast.client import Holdfast, connect
from tests.support.api import VENTURE, Server, server

__all__ = ["server"]


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    """Holdfast on the database itself."""
    async with connect(holdfast_url) as connected:
        yield connected


@pytest.fixture
async def remote(server: Server) -> AsyncIterator[Holdfast]:
    """Holdfast through a server, with the rights of an agent."""
    async with connect(server.url, token=server.tokens["agent"], venture=VENTURE) as connected:
        yield connected
