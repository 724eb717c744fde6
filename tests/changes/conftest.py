"""Somebody's database, and the command line that looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from holdfast.config import Settings
from holdfast.engine import direct
from holdfast.engine.direct import Target
from tests.support.command_line import Command, command_line
from tests.support.sql import connected

HERE = Path(__file__).parent
Sql: TypeAlias = Callable[..., None]


@pytest.fixture
async def target(database_url: str) -> AsyncIterator[Target]:
    """A connection to a fresh, empty database of somebody's."""
    async with direct.connected(database_url, Settings()) as opened:
        yield opened


@pytest.fixture
def sql(database_url: str) -> Sql:
    """Runs SQL there, or a file of this folder."""

    def run(*scripts: str) -> None:
        async def work() -> None:
            async with connected(database_url) as connection:
                for script in scripts:
                    text = (HERE / script).read_text() if script.endswith(".sql") else script
                    await connection.execute(text)

        asyncio.run(work())

    return run


@pytest.fixture
def cli(
    work_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command line in an empty folder."""
    assert work_dir.is_dir()
    return command_line(monkeypatch, capsys)
