"""Counts and times the engine's calls in this process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from holdfast.engine.observing import OK
from holdfast.errors import BY_SQLSTATE

OTHER = "other"
_MOST_FUNCTIONS = 300
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_REFUSALS = frozenset(kind.__name__ for kind in BY_SQLSTATE.values())


class Meter:
    """What an engine observes, for Prometheus.

    A function has a series of its own once it has answered, so that names that somebody makes up do not.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._known: set[str] = set()
        self._calls = Counter(
            "holdfast_calls",
            "Calls of the engine's functions, by how they ended.",
            ("function", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "holdfast_call_seconds",
            "How long the calls took, with the way to the database.",
            ("function",),
            buckets=_SECONDS,
            registry=self.registry,
        )

        self._chunks = Counter(
            "holdfast_feed_chunks",
            "Parts of the feed, by where this gateway had them from.",
            ("source",),
            registry=self.registry,
        )

    def count_chunk(self, source: str) -> None:
        """Take note of one part of a shared feed."""
        self._chunks.labels(source=source).inc()

    def observe(self, function: str, outcome: str, seconds: float) -> None:
        """Take note of one call."""
        name = self._name(function, outcome)
        self._calls.labels(function=name, outcome=outcome).inc()
        self._seconds.labels(function=name).observe(seconds)

    def _name(self, function: str, outcome: str) -> str:
        is_ours = outcome == OK or outcome in _REFUSALS
        if is_ours and len(self._known) < _MOST_FUNCTIONS:
            self._known.add(function)
        return function if function in self._known else OTHER
