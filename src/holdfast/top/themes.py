"""Ink on paper, and paper on ink."""

from __future__ import annotations

from textual.theme import Theme

INK = Theme(
    name="holdfast-ink",
    dark=True,
    primary="#a3b85c",
    accent="#e8924f",
    error="#e0685e",
    foreground="#e3e6df",
    background="#151a18",
    surface="#1c2320",
    panel="#232b27",
)
PAPER = Theme(
    name="holdfast-paper",
    dark=False,
    primary="#566a1f",
    accent="#a8500f",
    error="#b3392f",
    foreground="#24302b",
    background="#fbfaf6",
    surface="#f3f1ea",
    panel="#e9e6dc",
)
