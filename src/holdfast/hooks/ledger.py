"""What a session's hooks did since it was last told to the database."""

from __future__ import annotations

from typing import Any

from holdfast.hooks.replies import Missed, Refuse, Reply


class Ledger:
    """Counts, by the name that the agent program has for the hook.

    >>> ledger = Ledger()
    >>> ledger.add("Stop", Refuse("SD-1 is not verified"), seconds=0.5)
    >>> ledger.take()
    [{'hook': 'Stop', 'runs': 1, 'refusals': 1, 'failures': 0, 'seconds': 0.5, 'longest': 0.5}]
    >>> ledger.take()
    []
    """

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}

    def add(self, hook: str, reply: Reply, *, seconds: float) -> None:
        """Count a run that is over."""
        refusals, failures = isinstance(reply, Refuse), isinstance(reply, Missed)
        self._count(hook, (1, int(refusals), int(failures), seconds), seconds)

    def take(self) -> list[dict[str, Any]]:
        """What there is to be told; from now on it counts anew."""
        told = list(self._rows.values())
        self._rows.clear()
        return told

    def put_back(self, rows: list[dict[str, Any]]) -> None:
        """What could not be told counts still."""
        for row in rows:
            self._count(row["hook"], [row[name] for name in _SUMS], row["longest"])

    def _count(self, hook: str, counts: Any, longest: float) -> None:
        kept = self._rows.setdefault(hook, {"hook": hook, **dict.fromkeys(_SUMS, 0), "longest": 0})
        for name, count in zip(_SUMS, counts, strict=True):
            kept[name] += count
        kept["longest"] = max(kept["longest"], longest)


_SUMS = ("runs", "refusals", "failures", "seconds")
