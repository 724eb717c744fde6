"""The adapters pass the suites that the frameworks publish, on the database and through a server."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from claude_agent_sdk.testing import run_session_store_conformance
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability
from langgraph.checkpoint.conformance.report import CapabilityReport

from holdfast.client import Holdfast
from holdfast.contrib.claude_agent_sdk import HoldfastSessionStore
from holdfast.contrib.langgraph import HoldfastSaver

WAYS = ["hf", "remote"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Holdfast:
    """Holdfast, one way and the other."""
    found: Holdfast = request.getfixturevalue(request.param)
    return found


async def test_the_session_store_keeps_the_contracts_of_the_claude_agent_sdk(hf: Holdfast) -> None:
    ventures = itertools.count(1)
    await run_session_store_conformance(
        lambda: HoldfastSessionStore(hf, venture=f"store-{next(ventures)}")
    )


async def test_the_saver_passes_the_suite_of_langgraph_with_all_that_it_knows(
    hf: Holdfast,
) -> None:
    _require_whole(await _validated(lambda: HoldfastSaver(hf)))


def _require_whole(report: CapabilityReport) -> None:
    assert report.results.keys() == {one.value for one in Capability}
    failures = [failure for result in report.results.values() for failure in result.failures or ()]
    assert not failures
    assert all(result.passed for result in report.results.values())


async def _validated(make: Any) -> CapabilityReport:
    async def savers() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
        yield make()

    return await validate(checkpointer_test(name="holdfast")(savers))
