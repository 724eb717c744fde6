"""Sending spans where OpenTelemetry's own environment variables say."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_OFF = "OTEL_SDK_DISABLED"

logger = logging.getLogger("holdfast")


@contextmanager
def exporting(service: str) -> Iterator[None]:
    """Send this process's spans while the block runs, where an endpoint is named; the last ones at its end.

    A program that has set up a tracer of its own keeps that.
    """
    if not any(os.environ.get(name) for name in _ENDPOINTS) or os.environ.get(_OFF) == "true":
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        logger.warning(
            "Spans are not sent: the packages are missing. Next: pip install 'holdfast[telemetry]'"
        )
        yield
        return
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over what is given here.
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
