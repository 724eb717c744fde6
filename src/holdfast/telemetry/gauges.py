"""What is going on in ventures, for Prometheus: read when it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gauge:
    """One metric: its name, what it says, and what tells its series of one venture apart."""

    name: str
    says: str
    label: str | None = None


GAUGES: Mapping[str, Gauge] = {
    "executions": Gauge(
        name="holdfast_executions", says="Executions that are not over.", label="status"
    ),
    "supervisors": Gauge(
        name="holdfast_supervisors", says="Supervisors that are not over.", label="state"
    ),
    "sessions": Gauge(name="holdfast_sessions", says="Sessions that are not over.", label="state"),
    "questions": Gauge(name="holdfast_open_questions", says="Questions that wait for a person."),
    "question_age": Gauge(
        name="holdfast_oldest_question_seconds", says="How long the oldest of them has waited."
    ),
    "queue": Gauge(
        name="holdfast_queue_depth", says="Executions that a worker could take now.", label="kind"
    ),
    "queue_age": Gauge(
        name="holdfast_queue_oldest_seconds",
        says="How long the oldest of them could have been taken.",
        label="kind",
    ),
    "leases": Gauge(name="holdfast_leases", says="Leases that are held.", label="noun"),
    "lapsed": Gauge(
        name="holdfast_lapsed_leases",
        says="Leases that ran out and that no worker has looked after yet.",
        label="noun",
    ),
}
FEED_HOLD = Gauge(
    name="holdfast_feed_hold_seconds",
    says="For how long the oldest transaction that writes has held back the feed.",
)


class _Read(Collector):
    """Rows that were read just now."""

    def __init__(self, rows: Iterable[Any], feed_hold: float | None) -> None:
        self._families = _families(rows)
        if feed_hold is not None:
            self._families.append(
                GaugeMetricFamily(FEED_HOLD.name, FEED_HOLD.says, value=feed_hold)
            )

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families, each with its series."""
        return self._families


def exposition(rows: Iterable[Any], feed_hold: float | None) -> bytes:
    """The rows of `gauges` in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Read(rows, feed_hold))
    return generate_latest(registry)


def _families(rows: Iterable[Any]) -> list[GaugeMetricFamily]:
    families = {
        key: GaugeMetricFamily(
            gauge.name, gauge.says, labels=["venture", *([gauge.label] if gauge.label else [])]
        )
        for key, gauge in GAUGES.items()
    }
    for row in rows:
        labels = [row["slug"], *([row["label"]] if GAUGES[row["name"]].label else [])]
        families[row["name"]].add_metric(labels, row["value"])
    return list(families.values())
