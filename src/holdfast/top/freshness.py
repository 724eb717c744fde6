"""How fresh what is shown is: the words and the colour of the tide mark."""

from __future__ import annotations

from datetime import datetime

_OLD_SECONDS = 2.0


class Freshness:
    """Live, catching up, or not live since a moment."""

    def __init__(self) -> None:
        self._delay_seconds: float | None = None
        self._behind = 0
        self._missing = {"feed", "state"}
        self._lost_at: datetime | None = None

    @property
    def is_lost(self) -> bool:
        """Whether what is shown may be old."""
        return self._lost_at is not None

    def has(self, what: str) -> None:
        """The feed goes on, or the state was read."""
        self._missing.discard(what)
        if not self._missing:
            self._lost_at = None
        if what == "state":
            self._behind = 0

    def lacks(self, what: str, now: datetime) -> None:
        """The feed does not go on, or the state cannot be read; the first moment of it counts."""
        self._missing.add(what)
        self._lost_at = self._lost_at or now

    def heard(self, delay_seconds: float) -> None:
        """An event came, so long after it happened."""
        self._delay_seconds = max(0.0, delay_seconds)
        self._behind = self._behind + 1 if delay_seconds > _OLD_SECONDS else 0

    @property
    def style(self) -> str:
        """The colour that goes with the words."""
        if self.is_lost:
            return "bad"
        return "buoy" if self._missing or self._behind else "kelp"

    def told(self) -> str:
        """In words.

        >>> fresh = Freshness()
        >>> fresh.told()
        'connecting'
        >>> fresh.has("feed"); fresh.has("state"); fresh.heard(0.003); fresh.told()
        'live · 3 ms'
        """
        if self._lost_at is not None:
            return f"not live since {self._lost_at.astimezone():%H:%M:%S}"
        if self._missing:
            return "connecting"
        if self._behind:
            return f"catching up {self._behind}"
        if self._delay_seconds is None:
            return "live"
        return f"live · {_milliseconds(self._delay_seconds)}"


def _milliseconds(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{seconds:.1f} s"  # noqa: PLR2004
