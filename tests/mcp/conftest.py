"""A project with directives in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.desk import World
from tests.support.sql import call, connected


@pytest.fixture
async def world(holdfast_url: str, work_dir: Path) -> AsyncIterator[World]:
    """An orchestrator with two children, of which the second needs the first."""
    (work_dir / ".holdfast").mkdir(exist_ok=True)
    async with connected(holdfast_url) as connection:
        await call(connection, "add_directive", sd_key="SD-1", title="all", status="active")
        for key, needs in (("SD-2", []), ("SD-3", ["SD-2"])):
            await call(
                connection, "add_directive", sd_key=key, title=f"part {key}", status="active",
                parent_key="SD-1", needs=needs,
            )  # fmt: skip
        yield World(url=holdfast_url, folder=work_dir, connection=connection)
