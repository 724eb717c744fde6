"""A checkpointer for LangGraph: `graph.compile(checkpointer=HoldfastSaver(hf))`."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from anyio.from_thread import start_blocking_portal

from holdfast.client import Holdfast, connect
from holdfast.contrib._bridge import Bridge
from holdfast.contrib._library import library
from holdfast.errors import InvalidValue

with library("langgraph", "langchain_core", extra="langgraph"):
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import (
        BaseCheckpointSaver,
        ChannelVersions,
        Checkpoint,
        CheckpointMetadata,
        CheckpointTuple,
    )
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from holdfast.contrib._langgraph_threads import Threads


class HoldfastSaver(BaseCheckpointSaver[str]):
    """Checkpoints of graphs, in the database.

    A list that grows, such as the messages, costs what is added to it. A run that goes on with a thread which another
    run has carried on since is refused with `Conflict`, which says who that was; an older checkpoint that is named on
    purpose may be branched off from.
    """

    def __init__(
        self, hf: Holdfast, *, venture: str | None = None, serde: SerializerProtocol | None = None
    ) -> None:
        super().__init__(serde=serde)
        self._bridge = Bridge()
        self._threads = Threads(hf, venture=venture)

    @classmethod
    @contextmanager
    def opened(cls, url: str | None = None, **options: Any) -> Iterator[HoldfastSaver]:
        """A saver for programs without an event loop, with a connection of its own; options as for `connect`."""

        async def made(hf: Holdfast) -> HoldfastSaver:
            return cls(hf)

        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(connect(url, **options)) as hf,
        ):
            yield portal.call(made, hf)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint.

        Raises:
            Conflict: another run has carried the thread on since this one read it.
            TooLarge: a value or the thread is too large.
        """
        saving = self._threads.save(config, checkpoint, metadata, new_versions, self.serde)
        return await self._bridge.over(saving)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a task has written before its step is whole."""
        saving = self._threads.save_writes(config, writes, task_id, task_path, self.serde)
        await self._bridge.over(saving)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that a config names, or the thread's newest."""
        return await self._bridge.over(self._threads.newest(config, self.serde))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Checkpoints, newest first."""
        found = self._threads.listed(config, self.serde, labels=filter, before=before, limit=limit)
        while (one := await self._bridge.over(_next(found))) is not None:
            yield one

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        await self._bridge.over(self._threads.delete(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints that runs have made."""
        await self._bridge.over(self._threads.delete_runs(run_ids))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread with all its checkpoints to one that is not there yet.

        Raises:
            Conflict: the other thread is there already.
        """
        await self._bridge.over(self._threads.copy(source_thread_id, target_thread_id))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Keep of each thread the newest checkpoint with what it is rebuilt from, or nothing.

        Raises:
            InvalidValue: the strategy is neither `keep_latest` nor `delete`.
        """
        match strategy:
            case "keep_latest":
                await self._bridge.over(self._threads.prune(thread_ids))
            case "delete":
                for thread_id in thread_ids:
                    await self.adelete_thread(thread_id)
            case _:
                raise InvalidValue(
                    f"strategy = {strategy!r} is not known.", hint="Use keep_latest or delete."
                )

    # The same for threads without an event loop.

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint, as `aput` does."""
        return self._bridge.wait(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a task has written before its step is whole."""
        self._bridge.wait(self.aput_writes(config, writes, task_id, task_path))

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that a config names, or the thread's newest."""
        return self._bridge.wait(self.aget_tuple(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Checkpoints, newest first."""
        found = self.alist(config, filter=filter, before=before, limit=limit)
        while (one := self._bridge.wait(_next(found))) is not None:
            yield one

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        self._bridge.wait(self.adelete_thread(thread_id))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints that runs have made."""
        self._bridge.wait(self.adelete_for_runs(run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread, as `acopy_thread` does."""
        self._bridge.wait(self.acopy_thread(source_thread_id, target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Drop what is not needed any more, as `aprune` does."""
        self._bridge.wait(self.aprune(thread_ids, strategy=strategy))

    def get_next_version(self, current: str | None, channel: None) -> str:
        """The version after this one; two branches never have the same."""
        number = 0 if current is None else int(str(current).partition(".")[0])
        return f"{number + 1:032}.{random.random():016}"  # noqa: S311


async def _next(found: AsyncIterator[CheckpointTuple]) -> CheckpointTuple | None:
    return await anext(found, None)
