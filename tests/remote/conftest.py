"""A server in front of a database, and Holdfast through it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from holdfast.client import Holdfast, connect
from tests.support.api import VENTURE, Server, server
from tests.support.command_line import START, Command, command_line, set_clock
from tests.support.hooked import HookedAgent, hooked_agent
from tests.support.remote import server_beside
from tests.surfaces import conftest as surfaces
from tests.sync.conftest import Away

__all__ = ["server"]


@pytest.fixture
async def hf(server: Server) -> AsyncIterator[Holdfast]:
    """Holdfast through the server, as an owner of the venture."""
    async with connect(server.url, token=server.tokens["owner"], venture=VENTURE) as connected:
        yield connected


@pytest.fixture
def beside(holdfast_url: str) -> Iterator[Server]:
    """A server in a thread of its own."""
    with server_beside(holdfast_url) as running:
        yield running


@pytest.fixture
def cli(
    work_dir: Path,
    holdfast_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    """The command line in a project of its own, through a server whose database's clock stands."""
    surfaces.make_project(work_dir)
    set_clock(holdfast_url, START)
    with server_beside(holdfast_url) as running:
        monkeypatch.setenv("HOLDFAST_URL", running.url)
        monkeypatch.setenv("HOLDFAST_TOKEN", running.tokens["owner"])
        yield command_line(monkeypatch, capsys)


@pytest.fixture
def away(cli: Command, monkeypatch: pytest.MonkeyPatch) -> Away:
    """Takes the server away from the commands that follow, and gives it back."""
    assert callable(cli)
    url = os.environ["HOLDFAST_URL"]

    def take(is_away: bool) -> None:
        monkeypatch.setenv("HOLDFAST_URL", "http://127.0.0.1:9" if is_away else url)

    return take


@pytest.fixture
def agent(work_dir: Path, beside: Server) -> Iterator[HookedAgent]:
    """An agent program whose hooks know the server only."""
    with hooked_agent(work_dir / "project", beside.url, token=beside.tokens["agent"]) as made:
        yield made
