"""What Prometheus reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import NotFound
from holdfast.telemetry.gauges import FEED_HOLD, GAUGES
from holdfast.telemetry.meter import OTHER, Meter
from tests.support.api import Server, serving

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and the labels' values, the venture first."""
    return {
        (
            sample.name,
            tuple(sample.labels[key] for key in sorted(sample.labels, key=_order)),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _order(label: str) -> tuple[bool, str]:
    return label != "venture", label


async def read(server: Server, role: str | None, **headers: str) -> str:
    async with server.client(role) as client:
        answer = await client.get("/metrics", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text


async def test_a_venture_sees_its_own_gauges_only(server: Server) -> None:
    foreign = await server.engine.call_value("open_venture", slug="foreign")
    for venture_id in (server.venture_id, foreign):
        for name in ("a", "b"):
            await server.engine.call(
                "create_execution", name=name, kind="command", venture_id=venture_id
            )
    await server.engine.call(
        "claim_executions", holder="w", kinds=["command"], venture_id=server.venture_id
    )

    text = await read(server, "viewer")

    found = samples(text)
    assert found["holdfast_executions", ("acme", "running")] == 1
    assert found["holdfast_executions", ("acme", "pending")] == 1
    assert found["holdfast_queue_depth", ("acme", "command")] == 1
    assert found["holdfast_leases", ("acme", "execution")] == 1
    assert found["holdfast_lapsed_leases", ("acme", "execution")] == 0
    assert "foreign" not in text
    assert "holdfast_calls_total" not in text


async def test_the_metrics_token_shows_every_venture_and_the_process(
    engine: PostgresEngine,
) -> None:
    async with serving(engine, api_metrics_token="of-prometheus") as server:
        await engine.call("create_execution", name="a", kind="k", venture_id=server.venture_id)
        with pytest.raises(NotFound):
            await engine.call("cancel_execution", execution_id=server.venture_id)

        found = samples(await read(server, None, Authorization="Bearer of-prometheus"))

        assert found["holdfast_executions", ("acme", "pending")] == 1
        assert found["holdfast_calls_total", ("create_execution", "ok")] >= 1
        assert found["holdfast_calls_total", ("cancel_execution", "NotFound")] == 1
        assert found["holdfast_call_seconds_count", ("create_execution",)] >= 1
        assert found["holdfast_feed_hold_seconds", ()] >= 0
        async with server.client(None) as client:
            other = await client.get("/metrics", headers={"Authorization": "Bearer other"})
        assert other.status_code == 401


def test_names_that_nobody_has_answered_to_make_no_series() -> None:
    meter = Meter()
    for number in range(1000):
        meter.observe(f"made_up_{number}", "DatabaseError", 0.1)
    meter.observe("create_execution", "ok", 0.1)
    meter.observe("create_execution", "DatabaseError", 0.1)

    names = {
        sample.labels["function"]
        for family in meter.registry.collect()
        for sample in family.samples
    }
    assert names == {OTHER, "create_execution"}


def test_every_metric_has_a_heading_in_the_reference() -> None:
    told = set(re.findall(r"^## (\w+)$", DOCS.read_text(), re.MULTILINE))
    names = {gauge.name for gauge in (*GAUGES.values(), FEED_HOLD)}
    names |= {family.name for family in Meter().registry.collect()}
    assert told == names
