"""A venture in the middle of a working day, made by the engine's own functions on a clock that the scene moves."""

from __future__ import annotations

from tests.support.scene.setting import Scene, set_scene

__all__ = ["Scene", "set_scene"]
