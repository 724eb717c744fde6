"""What a worker and a program send where OTEL_EXPORTER_OTLP_ENDPOINT says."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import use_span

from holdfast.engine.postgres import PostgresEngine
from holdfast.telemetry import spans
from tests.support.patience import PATIENCE_SECONDS
from tests.support.workers import environment, process


class Receiver(ThreadingHTTPServer):
    """Takes batches of spans."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: queue.Queue[Span] = queue.Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        batch = ExportTraceServiceRequest.FromString(body)
        for resource in batch.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.server.spans.put(span)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


async def create(engine: PostgresEngine, *command: str) -> UUID:
    created: UUID = await engine.call_value(
        "create_execution",
        name="a build",
        kind="command",
        agent="command",
        input={"command": list(command)},
        max_attempts=1,
    )
    return created


@pytest.mark.parametrize(
    ("command", "status"),
    [("true", Status.STATUS_CODE_UNSET), ("false", Status.STATUS_CODE_ERROR)],
)
async def test_a_run_of_a_worker_is_a_span(
    engine: PostgresEngine, holdfast_url: str, receiver: Receiver, command: str, status: int
) -> None:
    execution_id = await create(engine, command)
    env = environment(holdfast_url) | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",  # milliseconds
    }
    with process("-m", "holdfast", "worker", env=env):
        span = receiver.spans.get(timeout=PATIENCE_SECONDS)

    told = attributes(span)
    assert span.name == "invoke_agent command"
    assert told["gen_ai.operation.name"] == "invoke_agent"
    assert told["holdfast.execution.id"] == str(execution_id)
    assert told["holdfast.execution.attempt"] == 1
    assert span.status.code == status


def test_a_programs_calls_and_tokens_are_told_in_the_span_of_its_run() -> None:
    span = TracerProvider().get_tracer("test").start_span("invoke_agent claude")
    with use_span(span):
        spans.conversation_began("c1")
        spans.tool_called("Bash")
        spans.used(input_tokens=3, output_tokens=5)

    assert dict(span.attributes or {}) == {  # type: ignore[attr-defined]
        "gen_ai.conversation.id": "c1",
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 5,
    }
    [event] = span.events  # type: ignore[attr-defined]
    assert event.name == "execute_tool Bash"
