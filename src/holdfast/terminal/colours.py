"""The two accents from the sea, for dark and for light terminals."""

from __future__ import annotations

from rich.theme import Theme

PLAIN = Theme(
    {
        "kelp": "#7a8f3a",
        "buoy": "#e07a2f",
        "wanted": "bold #e07a2f",
        "bad": "red",
        "quiet": "dim",
        "link": "blue",
    },
    inherit=True,
)
"""What the command line prints with: it does not know the background, and both accents read on either."""

ON_INK = Theme(
    {
        "kelp": "#a3b85c",
        "buoy": "#e8924f",
        "wanted": "bold #e8924f",
        "bad": "#e0685e",
        "quiet": "#98a39b",
        "link": "#7fb2d9",
    },
    inherit=True,
)
ON_PAPER = Theme(
    {
        "kelp": "#566a1f",
        "buoy": "#a8500f",
        "wanted": "bold #a8500f",
        "bad": "#b3392f",
        "quiet": "#5d6861",
        "link": "#1d5f94",
    },
    inherit=True,
)
