"""The marks: states by shape as well as colour, and the honest bar; Unicode with an ASCII fallback."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from holdfast.progress.eta import Estimate

# mark, ASCII fallback, style
_STATES = {
    "pending": ("○", "o", "quiet"),
    "ready": ("○", "o", ""),
    "starting": ("○", "o", ""),
    "running": ("◐", "/", "kelp"),
    "working": ("◐", "/", "kelp"),
    "verifying": ("◐", "/", "kelp"),
    "waiting_for_tasks": ("◐", "/", "kelp"),
    "idle": ("○", "o", ""),
    "waiting": ("▮", "|", "buoy"),
    "waiting_for_answers": ("▮", "|", "buoy"),
    "requires_action": ("▮", "|", "buoy"),
    "open": ("▮", "|", "buoy"),
    "paused": ("▮", "|", ""),
    "completed": ("●", "*", "kelp"),
    "skipped": ("○", "-", "quiet"),
    "failed": ("✕", "x", "bad"),
    "cancelled": ("✕", "x", "quiet"),
    "lost": ("◌", "?", "bad"),
    "interrupted": ("◌", "?", "bad"),
}
BAR_CELLS = 20


def speaks_unicode(console: Console) -> bool:
    """Whether the terminal can show the marks."""
    return "utf" in (console.encoding or "").lower()


def mark(state: str, console: Console) -> Text:
    """The mark of a state."""
    sign, ascii_sign, style = _STATES.get(state, ("·", ".", ""))
    return Text(sign if speaks_unicode(console) else ascii_sign, style=style)


def state_text(state: str, console: Console) -> Text:
    """The mark of a state and its name."""
    style = _STATES.get(state, ("", "", ""))[2]
    return mark(state, console) + Text(f" {state.replace('_', ' ')}", style=style)


def honest_bar(
    fraction: float | None,
    console: Console,
    *,
    elapsed_seconds: float = 0.0,
    estimate: Estimate | None = None,
) -> Text:
    """Progress that does not pretend.

    Solid up to what is done; then a lighter band between the optimistic and the pessimistic estimate, with a tick at
    the median. Without a known end, an empty bar.
    """
    full, band, tick, rest = (
        ("█", "░", "┃", "─") if speaks_unicode(console) else ("#", ":", "|", "-")
    )
    cells = [rest] * BAR_CELLS
    if estimate is not None:
        for cell in range(
            _cell(elapsed_seconds, estimate.high_seconds),
            _cell(elapsed_seconds, estimate.low_seconds),
        ):
            cells[cell] = band
        cells[min(_cell(elapsed_seconds, estimate.median_seconds), BAR_CELLS - 1)] = tick
    done = round((fraction or 0.0) * BAR_CELLS)
    return Text.assemble((full * done, "kelp"), ("".join(cells[done:]), "quiet"))


def _cell(elapsed_seconds: float, remaining_seconds: float) -> int:
    whole = elapsed_seconds + remaining_seconds
    return round(BAR_CELLS * elapsed_seconds / whole) if whole > 0 else 0
