"""The command line in a project of its own, as the tests of sessions have it."""

from __future__ import annotations

from tests.surfaces.conftest import cli

__all__ = ["cli"]
