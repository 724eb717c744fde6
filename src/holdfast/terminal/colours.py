"""The two accents from the sea, for dark and for light terminals."""

from __future__ import annotations

from rich.theme import Theme

DARK = Theme(
    {"kelp": "#7a8f3a", "buoy": "#e07a2f", "bad": "red", "quiet": "dim", "link": "blue"},
    inherit=True,
)
