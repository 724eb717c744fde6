"""What the tests of agent programs share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from holdfast.engine.postgres import PostgresEngine
from tests.support.fake_models import Turn
from tests.support.program_cases import CASES, Case, Scene, scene
from tests.support.workers import Rows, rows_of

MakeScene: TypeAlias = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
async def rows(engine: PostgresEngine) -> AsyncIterator[Rows]:
    async with rows_of(engine.url) as found:
        yield found


@pytest.fixture
def play(engine: PostgresEngine, rows: Rows, tmp_path: Path) -> MakeScene:
    """Makes a scene of a program's case and the turns that its model says."""

    def make(case: Case, *turns: Turn, **more: Any) -> AbstractAsyncContextManager[Scene]:
        return scene(case, *turns, engine=engine, rows=rows, tmp_path=tmp_path, **more)

    return make


@pytest.fixture(params=CASES, ids=lambda case: case.kind)
def case(request: pytest.FixtureRequest) -> Case:
    """Each agent program."""
    found: Case = request.param
    return found
