"""`/otlp/v1/…`: telemetry of agent programs, in the protocol that their exporters speak."""

from __future__ import annotations

import dataclasses
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from holdfast.api import access
from holdfast.api.gateway import gateway_of
from holdfast.engine.calls import Calls
from holdfast.errors import NotAuthenticated
from holdfast.telemetry import keys, otlp, usage
from holdfast.telemetry.hearing import hear

router = APIRouter(prefix="/otlp/v1", tags=["telemetry"], include_in_schema=False)

_CUMULATIVE = (
    "Sums that say the total are not counted: set"
    " OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta."
)
_Body = TypeVar("_Body", bound=Message)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """Who sends telemetry: the program of one execution, or whoever may act in a venture."""

    engine: Calls
    venture_id: UUID
    source: keys.Source | None = None


async def program(request: Request) -> Program:
    """Who sends telemetry; a dependency.

    Raises:
        NotAuthenticated: nobody whom we know.
    """
    request = _as_meant(request)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip().startswith(keys.PREFIX):
        return await _program_of_key(request, key.strip())
    who = await access.caller(request)
    return Program(engine=who.engine, venture_id=await access.venture(request, who))


def _as_meant(request: Request) -> Request:
    """The variable for exporters' headers wants a blank as %20, and some exporters send just that."""
    headers = [
        (name, value.replace(b"%20", b" ", 1) if name == b"authorization" else value)
        for name, value in request.scope["headers"]
    ]
    return Request({**request.scope, "headers": headers})


async def _program_of_key(request: Request, key: str) -> Program:
    gateway = gateway_of(request)
    source = keys.read_key(key, await keys.secret_of(gateway.engine))
    if source is None:
        raise NotAuthenticated(
            "This is no key for telemetry.", hint="A worker gives each program its own."
        )
    claims = {
        "sub": f"execution:{source.execution_id}",
        "ventures": {str(source.venture_id): "agent"},
    }
    return Program(
        engine=gateway.engine.as_user(claims), venture_id=source.venture_id, source=source
    )


SomeProgram = Annotated[Program, Depends(program)]


@router.post("/logs")
async def logs(request: Request, who: SomeProgram) -> Response:
    """Take the events of model and tool calls."""
    body = await _read(request, ExportLogsServiceRequest)
    heard = await hear(
        who.engine, "logs", usage.used_in_logs(body), venture_id=who.venture_id, source=who.source
    )
    answer = ExportLogsServiceResponse()
    if heard.refused:
        answer.partial_success.rejected_log_records = heard.refused
        answer.partial_success.error_message = heard.reason
    return _answer(request, answer)


@router.post("/metrics")
async def metrics(request: Request, who: SomeProgram) -> Response:
    """Take the sums of tokens and cost."""
    body = await _read(request, ExportMetricsServiceRequest)
    heard = await hear(
        who.engine,
        "metrics",
        usage.used_in_metrics(body),
        venture_id=who.venture_id,
        source=who.source,
    )
    cumulative = usage.cumulative_points(body)
    answer = ExportMetricsServiceResponse()
    if heard.refused or cumulative:
        answer.partial_success.rejected_data_points = heard.refused + cumulative
        answer.partial_success.error_message = heard.reason or _CUMULATIVE
    return _answer(request, answer)


@router.post("/traces")
async def traces(request: Request, who: SomeProgram) -> Response:
    """Take spans, of which nothing is kept: an exporter that sends all it has is not refused."""
    return _answer(request, ExportTraceServiceResponse())


async def _read(request: Request, kind: type[_Body]) -> _Body:
    body = otlp.unpacked(
        await request.body(),
        request.headers.get("content-encoding", ""),
        max_bytes=gateway_of(request).settings.api_max_body_bytes,
    )
    return otlp.read_body(kind, body, _content_type(request))


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _answer(request: Request, answer: Message) -> Response:
    """In the form of the question."""
    if _content_type(request) == otlp.JSON:
        return Response(json_format.MessageToJson(answer), media_type=otlp.JSON)
    return Response(answer.SerializeToString(), media_type=otlp.PROTOBUF)
