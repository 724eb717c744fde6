"""The marks: states by shape as well as colour, and the honest bar; Unicode with an ASCII fallback."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from holdfast.progress import Progress

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


def honest_bar(progress: Progress | None, console: Console) -> Text:
    """Progress that does not pretend.

    Solid up to what is done. Lighter from the share of the time that has passed if the pessimistic estimate is right to
    the share if the optimistic one is. A tick where the median of past runs would be by now. Without a known end, empty.
    """
    full, band, tick, rest = (
        ("█", "░", "┃", "─") if speaks_unicode(console) else ("#", ":", "|", "-")
    )
    cells = [rest] * BAR_CELLS
    if progress is None:
        return Text("".join(cells), style="quiet")
    if (left := progress.remaining) is not None:
        for cell in range(
            _cell(progress.seconds, left.high_seconds), _cell(progress.seconds, left.low_seconds)
        ):
            cells[cell] = band
    if progress.usual_seconds:
        place = round(BAR_CELLS * min(progress.seconds / progress.usual_seconds, 1.0))
        cells[min(place, BAR_CELLS - 1)] = tick
    done = int((progress.percent or 0.0) / 100 * BAR_CELLS)
    return Text(full * done, style="kelp") + Text("".join(cells[done:]), style="quiet")


def _cell(elapsed_seconds: float, remaining_seconds: float) -> int:
    whole = elapsed_seconds + remaining_seconds
    return round(BAR_CELLS * elapsed_seconds / whole) if whole > 0 else 0
