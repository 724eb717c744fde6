"""Data folders."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.engine import embedded
from tests.support.embedded import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user can pass through, as pytest's own is not; no server is left in it."""
    with open_folder() as made:
        yield made


@pytest.fixture(scope="module")
def made_dir() -> Iterator[Path]:
    """A data folder that was used once."""
    with open_folder() as made:
        embedded.join(made / "postgres", fsync=False).leave()
        yield made / "postgres"


@pytest.fixture
def data_dir(folder: Path, made_dir: Path) -> Path:
    """A data folder of the test's own that was used before, which is quicker than to make one."""
    subprocess.run(["cp", "-a", made_dir, folder / "postgres"], check=True)
    return folder / "postgres"


@pytest.fixture
def new_dir(folder: Path) -> Path:
    """A data folder that is not there yet."""
    return folder / "postgres"
