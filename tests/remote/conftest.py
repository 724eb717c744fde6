"""A server in front of a database, and Holdfast through it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from holdfast.client import Holdfast, connect
from tests.support.api import VENTURE, Server, server
from tests.support.command_line import START, Command, set_clock
from tests.support.remote import server_beside
from tests.surfaces import conftest as surfaces

__all__ = ["server"]


@pytest.fixture
async def hf(server: Server) -> AsyncIterator[Holdfast]:
    """Holdfast through the server, as an owner of the venture."""
    async with connect(server.url, token=server.tokens["owner"], venture=VENTURE) as connected:
        yield connected


@pytest.fixture
def beside(holdfast_url: str) -> Iterator[Server]:
    """A server in a thread of its own, in front of a database whose clock stands."""
    set_clock(holdfast_url, START)
    with server_beside(holdfast_url) as running:
        yield running


@pytest.fixture
def cli(
    work_dir: Path,
    beside: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """The command line in a project of its own, through the server."""
    surfaces.make_project(work_dir)
    monkeypatch.setenv("HOLDFAST_URL", beside.url)
    monkeypatch.setenv("HOLDFAST_TOKEN", beside.tokens["owner"])
    return surfaces.command(monkeypatch, capsys)
