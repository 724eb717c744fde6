"""What an agent program finds in its environment so that it sends its telemetry here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from opentelemetry import propagate

from holdfast.engine.calls import Calls
from holdfast.errors import HoldfastError
from holdfast.model.leases import Lease
from holdfast.telemetry import keys

EXECUTION, EPOCH = "holdfast.execution.id", "holdfast.lease.epoch"
# Who set one of these sends his telemetry somewhere already.
_OF_THE_USER = ("CLAUDE_CODE_ENABLE_TELEMETRY", "OTEL_LOGS_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EVERY_MILLISECONDS = "2000"


class Reporting:
    """Gives programs the address and the key for their telemetry; nothing where there is no address."""

    def __init__(self, engine: Calls, endpoint: str | None) -> None:
        self._engine = engine
        self._endpoint = endpoint
        self._secret: bytes | None = None

    async def environment(self, lease: Lease, given: Mapping[str, str]) -> dict[str, str]:
        """What the program of an execution is given besides, and the span that it belongs to."""
        more: dict[str, str] = {}
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        if "traceparent" in carrier:
            more["TRACEPARENT"] = carrier["traceparent"]
        if self._endpoint is None or any(
            name in given or name in os.environ for name in _OF_THE_USER
        ):
            return more
        secret = await self._known_secret()
        if secret is None:
            return more
        return more | {
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORT_INTERVAL": _EVERY_MILLISECONDS,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{self._endpoint.rstrip('/')}/otlp",
            "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer {keys.key_of(lease, secret)}",
            "OTEL_RESOURCE_ATTRIBUTES": f"{EXECUTION}={lease.id},{EPOCH}={lease.epoch}",
        }

    async def _known_secret(self) -> bytes | None:
        """The work goes on without telemetry where this worker may not sign."""
        if self._secret is None:
            try:
                self._secret = await keys.secret_of(self._engine)
            except HoldfastError:
                return None
        return self._secret
