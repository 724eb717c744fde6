"""The command line in a project of its own, as the tests of sessions have it; and the database, away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.surfaces.conftest import cli

__all__ = ["Away", "away", "cli"]

NOWHERE = "postgresql:///holdfast?host=/nowhere"

Away: TypeAlias = Callable[[bool], None]


@pytest.fixture
def away(holdfast_url: str, monkeypatch: pytest.MonkeyPatch, work_dir: Path) -> Away:
    """Takes the database away from the commands that follow, and gives it back."""
    assert work_dir

    def take(is_away: bool) -> None:
        monkeypatch.setenv("HOLDFAST_DATABASE_URL", NOWHERE if is_away else holdfast_url)

    return take
