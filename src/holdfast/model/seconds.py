"""Lengths of time."""

from __future__ import annotations

from typing import Annotated, TypeAlias

Seconds: TypeAlias = Annotated[float, "seconds"]
"""A length of time, which a file may also write as `90s`, `10m` or `2h`."""
