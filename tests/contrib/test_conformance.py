"""The adapters pass the suites that the frameworks publish: on the database, through a server, and without an event loop."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any

from claude_agent_sdk.testing import run_session_store_conformance
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability

from holdfast.client import Holdfast
from holdfast.contrib.claude_agent_sdk import HoldfastSessionStore
from holdfast.contrib.langgraph import HoldfastSaver
from tests.support.api import VENTURE
from tests.support.remote import server_beside


class InThreads(BaseCheckpointSaver[str]):
    """A saver's forms for threads without an event loop, for a suite that knows the others only."""

    def __init__(self, saver: HoldfastSaver) -> None:
        super().__init__()
        self._saver = saver

    async def aput(self, *given: Any) -> RunnableConfig:
        return await asyncio.to_thread(self._saver.put, *given)

    async def aput_writes(self, *given: Any, **more: Any) -> None:
        await asyncio.to_thread(self._saver.put_writes, *given, **more)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return await asyncio.to_thread(self._saver.get_tuple, config)

    async def alist(
        self, config: RunnableConfig | None, **given: Any
    ) -> AsyncIterator[CheckpointTuple]:
        for one in await asyncio.to_thread(lambda: list(self._saver.list(config, **given))):
            yield one

    async def adelete_thread(self, thread_id: str) -> None:
        await asyncio.to_thread(self._saver.delete_thread, thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        await asyncio.to_thread(self._saver.delete_for_runs, run_ids)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        await asyncio.to_thread(self._saver.copy_thread, source_thread_id, target_thread_id)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        await asyncio.to_thread(lambda: self._saver.prune(thread_ids, strategy=strategy))


async def test_the_session_store_keeps_the_contracts_of_the_claude_agent_sdk(hf: Holdfast) -> None:
    ventures = itertools.count(1)
    await run_session_store_conformance(
        lambda: HoldfastSessionStore(hf, venture=f"store-{next(ventures)}")
    )


async def test_the_saver_passes_the_suite_of_langgraph_with_all_that_it_knows(hf: Holdfast) -> None:
    await _require_whole(lambda: HoldfastSaver(hf))


def test_the_saver_passes_the_suite_in_threads_and_through_a_server(holdfast_url: str) -> None:
    with (
        server_beside(holdfast_url, venture=VENTURE) as server,
        HoldfastSaver.opened(server.url, token=server.tokens["agent"], venture=VENTURE) as saver,
    ):
        asyncio.run(_require_whole(lambda: InThreads(saver)))


async def _require_whole(make: Callable[[], BaseCheckpointSaver[str]]) -> None:
    """Every capability that the suite knows is there, and passes."""

    async def savers() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
        yield make()

    report = await validate(checkpointer_test(name="holdfast")(savers))
    assert report.results.keys() == {one.value for one in Capability}
    failures = [failure for result in report.results.values() for failure in result.failures or ()]
    assert not failures
    assert all(result.passed for result in report.results.values())
