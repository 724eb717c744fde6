"""A supervisor's conversation with its agent: each message is kept once, each turn costs what is new in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from holdfast.engine.connections import encode_json

_Call: TypeAlias = Callable[..., Awaitable[Any]]


class Conversation:
    """The messages in order, and the checkpoints that they are kept in."""

    def __init__(self, *, call: _Call, load: _Call, checkpoint: int | None) -> None:
        self.checkpoint = checkpoint
        """The newest checkpoint that is known here."""
        self._call = call
        self._load = load
        self._messages: list[Any] | None = None if checkpoint is not None else []
        self._turn = asyncio.Lock()

    async def append(self, *messages: Any, label: str | None = None) -> int:
        """Keep messages behind those that are kept; they are durable when this returns. Gives the checkpoint's number.

        Raises:
            InvalidValue: a message is not JSON, or larger than 16 MB.
        """
        async with self._turn:
            number = await self._save(messages, parent=self.checkpoint, label=label)
            if self._messages is not None:
                self._messages += messages
            return number

    async def replace(self, *messages: Any, label: str | None = None) -> int:
        """Let the conversation begin anew with these, as after it was made shorter; what was before stays in its checkpoints."""
        async with self._turn:
            number = await self._save(messages, parent=None, label=label)
            self._messages = list(messages)
            return number

    async def keep(self, state: Any = None, *, label: str | None = None) -> int:
        """A checkpoint without a new message: what the supervisor wants to know again."""
        async with self._turn:
            return await self._save((), parent=self.checkpoint, label=label, state=state)

    async def messages(self) -> list[Any]:
        """Every message, oldest first, as a list of one's own."""
        async with self._turn:
            if self._messages is None:
                loaded = await self._loaded()
                self._messages = [json.loads(blob) for blob in loaded["blobs"]]
            return list(self._messages)

    async def recall(self) -> Any:
        """What the newest checkpoint was given to keep; an empty object if there was none."""
        async with self._turn:
            return {} if self.checkpoint is None else (await self._loaded())["state"]

    async def _loaded(self) -> Any:
        [row] = await self._load()
        return row

    async def _save(
        self, messages: tuple[Any, ...], *, parent: int | None, label: str | None, state: Any = None
    ) -> int:
        given = {} if state is None else {"state": state}
        [row] = await self._call(
            "save_checkpoint",
            parent=parent,
            blobs=[encode_json(message).encode() for message in messages],
            label=label,
            **given,
        )
        number: int = row[0]
        self.checkpoint = number
        return number
