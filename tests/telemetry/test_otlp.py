"""The OTLP endpoint, as exporters speak to it."""

from __future__ import annotations

import gzip
from typing import Any
from uuid import UUID

import httpx2
import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from holdfast.model.leases import Lease, LeaseKind
from holdfast.telemetry import keys
from tests.support.api import Server

JSON = {"content-type": "application/json"}


async def lease_in(server: Server) -> Lease:
    row = await server.engine.call_row(
        "begin_execution", name="x", holder="w", lease_seconds=3600, venture_id=server.venture_id
    )
    return Lease(
        kind=LeaseKind.EXECUTION,
        venture_id=server.venture_id,
        id=row["id"],
        epoch=row["epoch"],
        token=row["token"],
    )


def plain(**values: Any) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": name.replace("__", "."), "value": {kinds[type(value)]: value}}
        for name, value in values.items()
    ]


def logs(*events: dict[str, Any], **resource: Any) -> dict[str, Any]:
    records = [
        {"timeUnixNano": str(1000 + number), "attributes": plain(session__id="s", **event)}
        for number, event in enumerate(events)
    ]
    return {
        "resourceLogs": [
            {"resource": {"attributes": plain(**resource)}, "scopeLogs": [{"logRecords": records}]}
        ]
    }


CALL = {
    "event__name": "api_request",
    "input_tokens": 10,
    "cache_read_tokens": 5,
    "output_tokens": 3,
    "cost_usd": 0.5,
}
TOOL = {"event__name": "tool_result"}


async def metrics(server: Server, execution_id: UUID) -> dict[str, Any]:
    rows = await server.engine.read("execution_metrics", server.venture_id, execution_id)
    return dict(rows[0]) if rows else {}


async def post(
    client: httpx2.AsyncClient, body: Any, *, what: str = "logs", **more: Any
) -> httpx2.Response:
    return await client.post(f"/otlp/v1/{what}", json=body, **more)


async def test_a_programs_own_key_is_good_for_its_execution(server: Server) -> None:
    lease = await lease_in(server)
    key = keys.key_of(lease, await keys.secret_of(server.engine))
    async with server.client(None) as client:
        answer = await post(
            client, logs(CALL, TOOL, CALL), headers={"Authorization": f"Bearer {key}"}
        )
    assert (answer.status_code, answer.json()) == (200, {})
    found = await metrics(server, lease.id)
    assert (found["input_tokens"], found["output_tokens"], float(found["cost_usd"])) == (30, 6, 1)
    assert (found["model_calls"], found["tool_calls"]) == (2, 1)


async def test_a_key_that_was_changed_is_none(server: Server) -> None:
    lease, other = await lease_in(server), await lease_in(server)
    key = keys.key_of(lease, await keys.secret_of(server.engine))
    forged = key.replace(lease.id.hex, other.id.hex)
    async with server.client(None) as client:
        for wrong in (forged, key[:-1], "hft_", "hft_a_b_c_d"):
            answer = await post(client, logs(CALL), headers={"Authorization": f"Bearer {wrong}"})
            assert answer.status_code == 401


@pytest.mark.parametrize("packed", [False, True])
async def test_protobuf_and_gzip_are_understood(server: Server, packed: bool) -> None:
    lease = await lease_in(server)
    told = logs(CALL, holdfast__execution__id=str(lease.id), holdfast__lease__epoch="1")
    body = json_format.ParseDict(told, ExportLogsServiceRequest()).SerializeToString()
    headers = {"content-type": "application/x-protobuf"}
    if packed:
        body, headers = gzip.compress(body), headers | {"content-encoding": "gzip"}
    async with server.client("agent") as client:
        answer = await client.post("/otlp/v1/logs?venture=acme", content=body, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await metrics(server, lease.id))["model_calls"] == 1


async def test_sums_are_counted_where_they_say_what_came_since(server: Server) -> None:
    lease = await lease_in(server)
    point = {"timeUnixNano": "5", "asDouble": 20, "attributes": plain(type="input")}
    cost = {"timeUnixNano": "5", "asDouble": 0.25, "attributes": []}

    def body(temporality: int) -> dict[str, Any]:
        sums = [
            {"name": name, "sum": {"aggregationTemporality": temporality, "dataPoints": [data]}}
            for name, data in (("claude_code.token.usage", point), ("claude_code.cost.usage", cost))
        ]
        of = {"attributes": plain(holdfast__execution__id=str(lease.id))}
        return {"resourceMetrics": [{"resource": of, "scopeMetrics": [{"metrics": sums}]}]}

    async with server.client("agent") as client:
        given = await post(client, body(1), what="metrics")
        totals = await post(client, body(2), what="metrics")
    assert given.json() == {}
    assert totals.json()["partialSuccess"]["rejectedDataPoints"] == "2"
    found = await metrics(server, lease.id)
    assert (found["input_tokens"], float(found["cost_usd"])) == (20, 0.25)


async def test_a_program_under_an_older_lease_is_told_so(server: Server) -> None:
    lease = await lease_in(server)
    told = logs(CALL, holdfast__execution__id=str(lease.id), holdfast__lease__epoch="7")
    async with server.client("agent") as client:
        answer = await post(client, told)
    partial = answer.json()["partialSuccess"]
    assert partial["rejectedLogRecords"] == "1"
    assert "epoch 7" in partial["errorMessage"]
    assert await metrics(server, lease.id) == {}


async def test_who_may_not_write_is_not_heard(server: Server) -> None:
    lease = await lease_in(server)
    told = logs(CALL, holdfast__execution__id=str(lease.id))
    async with server.client("viewer") as viewer, server.client(None) as nobody:
        assert (await post(nobody, told)).status_code == 401
        answer = await post(viewer, told)
    assert "agent" in answer.json()["partialSuccess"]["errorMessage"]
    assert await metrics(server, lease.id) == {}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"not json", JSON),
        (b"{}", {"content-type": "text/plain"}),
        (b"\xff\xff", {"content-type": "application/x-protobuf"}),
        (b"{}", JSON | {"content-encoding": "br"}),
        (b"{}", JSON | {"content-encoding": "gzip"}),
        (gzip.compress(b" " * 3_000_000), JSON | {"content-encoding": "gzip"}),
    ],
)
async def test_a_body_of_another_kind_is_a_problem_that_says_so(
    server: Server, body: bytes, headers: dict[str, str]
) -> None:
    async with server.client("agent") as client:
        answer = await client.post("/otlp/v1/logs", content=body, headers=headers)
    assert answer.status_code in (413, 422)
    assert answer.json()["hint"]


async def test_spans_and_what_is_about_something_else_are_taken_and_not_kept(
    server: Server,
) -> None:
    async with server.client("agent") as client:
        assert (await post(client, {}, what="traces")).status_code == 200
        assert (await post(client, logs({"event__name": "user_prompt"}))).json() == {}
        assert (await post(client, logs(CALL))).json() == {}
