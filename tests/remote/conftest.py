"""A server in front of a database, and Holdfast through it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from holdfast.client import Holdfast, connect
from tests.support.api import VENTURE, Server, server

__all__ = ["server"]


@pytest.fixture
async def hf(server: Server) -> AsyncIterator[Holdfast]:
    """Holdfast through the server, as an owner of the venture."""
    async with connect(server.url, token=server.tokens["owner"], venture=VENTURE) as connected:
        yield connected
