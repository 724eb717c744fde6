"""LangGraph's threads in the database: what is called, what is read, and who has seen what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from holdfast.client import Holdfast
from holdfast.contrib._langgraph_config import config_of, labels_of, place_of, seen_by
from holdfast.contrib._langgraph_values import Known, Lists, marks, opened, sealed
from holdfast.engine.calls import Row
from holdfast.engine.holding import holder_name
from holdfast.errors import Conflict

_FRAMEWORK = {"framework": "langgraph", "scope": ""}
_PAGE_CHECKPOINTS = 20
_PAGE_ITEMS = 10_000
_MOST_TRIES = 5


class Threads:
    """The threads of a venture."""

    def __init__(self, hf: Holdfast, *, venture: str | None = None) -> None:
        self._hf = hf
        self._venture = venture
        self._lists = Lists()

    async def save(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
        serde: SerializerProtocol,
    ) -> RunnableConfig:
        """Save a checkpoint on top of the one that the config names."""
        place = place_of(config)
        versions = dict(checkpoint["channel_versions"])
        body = {
            name: value
            for name, value in checkpoint.items()
            if name not in ("channel_values", "channel_versions")
        }
        whole = get_checkpoint_metadata(config, metadata)
        fresh = {name: one for name, one in new_versions.items() if versions.get(name) == one}
        for _ in range(_MOST_TRIES):
            packed = self._lists.pack(place, checkpoint["channel_values"], fresh, serde)
            row = await self._hf.engine.call_row(
                "save_conversation_checkpoint",
                key=place[0],
                part=place[1],
                checkpoint_id=checkpoint["id"],
                parent_id=get_checkpoint_id(config),
                body=sealed(serde, body),
                metadata=sealed(serde, whole),
                labels=labels_of(whole),
                versions=versions,
                **packed.arguments,
                seen=seen_by(config, place),
                holder=holder_name(),
                venture_id=await self._venture_id(),
            )
            if row["missing"] is None:
                self._lists.learn(packed.known)
                return config_of(place, checkpoint["id"], row["version"])
            self._lists.forget(place)
        raise Conflict(
            f"The thread {place[0]} is pruned all the time.", hint="Try again in a moment."
        )

    async def save_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str,
        serde: SerializerProtocol,
    ) -> None:
        """Keep what a task has written before its step is whole."""
        if not writes:
            return
        key, part = place_of(config)
        await self._hf.engine.call(
            "save_conversation_writes",
            key=key,
            part=part,
            checkpoint_id=str(get_checkpoint_id(config)),
            task_id=task_id,
            task_path=task_path,
            places=[WRITES_IDX_MAP.get(channel, i) for i, (channel, _) in enumerate(writes)],
            channels=[channel for channel, _ in writes],
            contents=[sealed(serde, value) for _, value in writes],
            venture_id=await self._venture_id(),
        )

    async def newest(
        self, config: RunnableConfig, serde: SerializerProtocol
    ) -> CheckpointTuple | None:
        """The checkpoint that a config names, or the newest; None where there is none."""
        key, part = place_of(config)
        async for found in self._found(key, part, get_checkpoint_id(config), serde, limit=1):
            return found
        return None

    async def listed(
        self,
        config: RunnableConfig | None,
        serde: SerializerProtocol,
        *,
        labels: Mapping[str, Any] | None,
        before: RunnableConfig | None,
        limit: int | None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Checkpoints, newest first."""
        named = config["configurable"] if config else {}
        async for found in self._found(
            None if config is None else str(named["thread_id"]),
            named.get("checkpoint_ns"),
            named.get("checkpoint_id"),
            serde,
            before=get_checkpoint_id(before) if before else None,
            labels=dict(labels) if labels else None,
            limit=limit,
        ):
            yield found

    async def delete(self, thread_id: str) -> None:
        """Forget a thread."""
        await self._change("delete_conversation", **_FRAMEWORK, key=thread_id)

    async def copy(self, thread_id: str, to: str) -> None:
        """Copy a thread to one that is not there yet."""
        await self._change("copy_conversation", **_FRAMEWORK, key=thread_id, to_key=to)

    async def prune(self, thread_ids: Iterable[str]) -> None:
        """Keep of each thread what its newest checkpoints need."""
        for thread_id in thread_ids:
            await self._change("prune_conversation", **_FRAMEWORK, key=thread_id)

    async def delete_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints that runs have made."""
        await self._change("delete_conversation_runs", run_ids=list(run_ids))

    async def _change(self, function: str, **arguments: Any) -> None:
        await self._hf.engine.call(function, **arguments, venture_id=await self._venture_id())

    async def _found(
        self,
        key: str | None,
        part: str | None,
        checkpoint_id: str | None,
        serde: SerializerProtocol,
        *,
        before: str | None = None,
        labels: dict[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        last: tuple[str | None, UUID | None] = (None, None)
        left = limit
        while left is None or left > 0:
            page = _PAGE_CHECKPOINTS if left is None else min(left, _PAGE_CHECKPOINTS)
            query = (key, part, checkpoint_id, before, labels, *last, page)
            rows = await self._hf.engine.read(
                "conversation_checkpoints", await self._venture_id(), *query
            )
            for row in rows:
                yield await self._tuple(row, serde)
            if len(rows) < page:
                return
            last = (rows[-1]["checkpoint_id"], rows[-1]["conversation_id"])
            left = None if left is None else left - len(rows)

    async def _tuple(self, row: Row, serde: SerializerProtocol) -> CheckpointTuple:
        place = (row["key"], row["part"])
        values = await self._values(row, serde)
        body: Checkpoint = opened(serde, row["body"])
        checkpoint: Checkpoint = {
            **body,
            "channel_versions": row["versions"],
            "channel_values": values,
        }
        writes = zip(
            row["task_ids"] or (), row["write_channels"] or (), row["writes"] or (), strict=True
        )
        parent = row["parent_id"]
        return CheckpointTuple(
            config=config_of(place, row["checkpoint_id"], row["version"]),
            checkpoint=checkpoint,
            metadata=opened(serde, row["metadata"]),
            parent_config=config_of(place, parent, row["version"]) if parent else None,
            pending_writes=[(task, channel, opened(serde, one)) for task, channel, one in writes],
        )

    async def _values(self, row: Row, serde: SerializerProtocol) -> dict[str, Any]:
        values = {}
        columns = ("channels", "value_versions", "contents", "runs", "lengths")
        for channel, version, content, run, length in zip(
            *(row[name] or () for name in columns), strict=True
        ):
            if run is not None:
                items = await self._items(row["conversation_id"], run, length)
                values[channel] = [opened(serde, item) for item in items]
                marked = marks(serde, values[channel], items)
                known = Known(version=version, marks=marked)
                self._lists.learn({(row["key"], row["part"], channel): known})
            elif content is not None:
                values[channel] = opened(serde, content)
        return values

    async def _items(self, conversation_id: UUID, run: int, length: int) -> list[bytes]:
        items: list[bytes] = []
        while len(items) < length:
            query = (await self._venture_id(), conversation_id, run, length)
            rows = await self._hf.engine.read("conversation_run", *query, len(items), _PAGE_ITEMS)
            if not rows:
                raise Conflict(
                    "The thread was pruned while it was read.", hint="Read the newest checkpoint."
                )
            items += [row["content"] for row in rows]
        return items

    async def _venture_id(self) -> UUID:
        return await self._hf.venture_id(self._venture)
