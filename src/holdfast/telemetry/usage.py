"""What Claude Code's telemetry says of what was used: events of model and tool calls, or sums of tokens and cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_DELTA,
    Metric,
    NumberDataPoint,
)

from holdfast.telemetry.otlp import attributes
from holdfast.telemetry.reporting import EPOCH, EXECUTION

_INPUT = ("input_tokens", "cache_read_tokens", "cache_creation_tokens")
_TOKENS, _COST = "claude_code.token.usage", "claude_code.cost.usage"
_LONGEST_NAME = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class Used:
    """What one call, or one interval, used."""

    time: int
    number: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    model_calls: int = 0
    tool_calls: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speaker:
    """Of whom a row is: an execution and the lease of its program, or a session."""

    session_id: str
    execution_id: UUID | None
    epoch: int | None


def used_in_logs(body: ExportLogsServiceRequest) -> Iterator[tuple[Speaker, Used]]:
    """The events of model and tool calls."""
    for resource in body.resource_logs:
        common = attributes(resource.resource.attributes)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                told = common | attributes(record.attributes)
                used = _of_event(told, record.time_unix_nano or record.observed_time_unix_nano)
                if used is not None:
                    yield _speaker(told), used


def _of_event(told: Mapping[str, Any], time: int) -> Used | None:
    number = _count(told.get("event.sequence"))
    match told.get("event.name"):
        case "api_request":
            return Used(
                time=time,
                number=number,
                input_tokens=sum(_count(told.get(name)) for name in _INPUT),
                output_tokens=_count(told.get("output_tokens")),
                cost_usd=_amount(told.get("cost_usd")),
                model_calls=1,
            )
        case "tool_result":
            return Used(time=time, number=number, tool_calls=1)
    return None


def used_in_metrics(body: ExportMetricsServiceRequest) -> Iterator[tuple[Speaker, Used]]:
    """The sums of tokens and cost, of those that say what came since the last time."""
    for resource in body.resource_metrics:
        common = attributes(resource.resource.attributes)
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.sum.data_points if _is_delta(metric) else ():
                    told = common | attributes(point.attributes)
                    yield _speaker(told), _of_point(metric.name, point, told)


def cumulative_points(body: ExportMetricsServiceRequest) -> int:
    """How many points cannot be counted, because they say the total."""
    return sum(
        len(metric.sum.data_points)
        for resource in body.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name in (_TOKENS, _COST) and not _is_delta(metric)
    )


def _is_delta(metric: Metric) -> bool:
    temporality = metric.sum.aggregation_temporality
    return metric.name in (_TOKENS, _COST) and temporality == AGGREGATION_TEMPORALITY_DELTA


def _of_point(name: str, point: NumberDataPoint, told: Mapping[str, Any]) -> Used:
    value = float(point.as_double or point.as_int)
    if name == _COST:
        return Used(time=point.time_unix_nano, cost_usd=_amount(value))
    if told.get("type") == "output":
        return Used(time=point.time_unix_nano, output_tokens=_count(value))
    return Used(time=point.time_unix_nano, input_tokens=_count(value))


def _speaker(told: Mapping[str, Any]) -> Speaker:
    return Speaker(
        session_id=str(told.get("session.id", ""))[:_LONGEST_NAME],
        execution_id=_uuid(told.get(EXECUTION)),
        epoch=_count(told[EPOCH]) if EPOCH in told else None,
    )


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _count(value: Any) -> int:
    return int(_amount(value))


def _amount(value: Any) -> float:
    """Numbers, some of which come as text; what is none, or less than nothing, counts nothing."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if 0 <= found < float("inf") else 0.0
