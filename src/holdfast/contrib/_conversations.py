"""Lists of items that grow, under the names that a framework gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from holdfast.client import Holdfast
from holdfast.engine.calls import Row
from holdfast.engine.holding import holder_name
from holdfast.errors import Conflict

_PAGE_ITEMS = 2000
_MOST_LISTED = 10_000
_MOST_TRIES = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Name:
    """What a framework calls a conversation, or a part of one."""

    key: str
    scope: str = ""
    part: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Read:
    """What was read, and up to which version that is."""

    version: int
    contents: list[bytes]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Written:
    """What came of an append; not `done` where the summary was made of an older version."""

    version: int
    updated_at: datetime
    done: bool


class Conversations:
    """The conversations of one framework, for one writer."""

    def __init__(self, hf: Holdfast, *, framework: str, venture: str | None = None) -> None:
        self._hf = hf
        self._framework = framework
        self._venture = venture
        self._writer = uuid4()

    async def read(self, name: Name) -> Read | None:
        """All items of a conversation, oldest first; None where there is none.

        Raises:
            Conflict: items were taken off while they were read, again and again.
        """
        for _ in range(_MOST_TRIES):
            rows = await self._read("conversation_items", name, 0, _PAGE_ITEMS)
            if not rows:
                return None
            version, length = rows[0]["version"], rows[0]["length"]
            contents = _contents(rows)
            while rows[0]["place"] is not None and len(contents) < length:
                rows = await self._read("conversation_items", name, len(contents), _PAGE_ITEMS)
                if not rows or rows[0]["place"] is None:
                    break
                contents += _contents(rows)
            if len(contents) >= length:
                return Read(version=version, contents=contents[:length])
        raise Conflict(
            f"The conversation {name.key} changed while it was read.", hint="Read it again."
        )

    async def newest(self, name: Name, count: int) -> Read | None:
        """The newest items of a conversation, oldest of them first; None where there is none."""
        rows = await self._read("newest_conversation_items", name, count)
        return Read(version=rows[0]["version"], contents=_contents(rows)) if rows else None

    async def append(
        self,
        name: Name,
        contents: Sequence[bytes],
        *,
        names: Sequence[str | None] | None = None,
        seen: int | None = None,
        summary: Any = None,
        summary_of: int | None = None,
        carries_on: bool = True,
    ) -> Written:
        """Add items at the end.

        Args:
            name: of which conversation.
            contents: the items.
            names: the framework's own ids; an item whose name is there already is not added again.
            seen: the version that this writer has read; None: it has read nothing and adds blindly.
            summary: what is kept beside the items.
            summary_of: the version that the summary was made of.
            carries_on: whether the items carry the talk on; others may come from anybody at any time.

        Raises:
            Conflict: somebody else has carried the conversation on since; the text says who.
            TooLarge: an item, the call or the conversation is too large.
        """
        row = await self._hf.engine.call_row(
            "append_conversation",
            **self._called(name),
            contents=list(contents),
            names=None if names is None else list(names),
            seen=seen,
            writer=self._writer,
            holder=holder_name(),
            summary=summary,
            summary_of=summary_of,
            carries_on=carries_on,
            venture_id=await self._venture_id(),
        )
        return Written(
            version=row["version"], updated_at=row["updated_at"], done=row["added"] is not None
        )

    async def pop(self, name: Name, *, seen: int | None = None) -> tuple[int, bytes | None]:
        """Take the newest item off; gives the version, and the item or None where there is none.

        Raises:
            Conflict: somebody else has carried the conversation on since.
        """
        row = await self._hf.engine.call_row(
            "pop_conversation_item",
            **self._called(name),
            seen=seen,
            writer=self._writer,
            holder=holder_name(),
            venture_id=await self._venture_id(),
        )
        return row["version"], row["content"]

    async def delete(self, name: Name, *, all_parts: bool) -> None:
        """Forget a conversation with all its parts, or only the part that is named."""
        await self._hf.engine.call(
            "delete_conversation",
            **self._called(name) | {"part": None if all_parts else name.part},
            venture_id=await self._venture_id(),
        )

    async def parts(self, name: Name) -> list[Row]:
        """The parts of a conversation, with version, length and summary."""
        query = (await self._venture_id(), self._framework, name.scope, name.key)
        return await self._hf.engine.read("conversation_parts", *query)

    async def listed(self, scope: str) -> list[Row]:
        """The conversations of a scope, those written to last first."""
        query = (await self._venture_id(), self._framework, scope, _MOST_LISTED)
        return await self._hf.engine.read("conversations", *query)

    def _called(self, name: Name) -> dict[str, Any]:
        return {"framework": self._framework, **dataclasses.asdict(name)}

    async def _read(self, query: str, name: Name, *more: int) -> list[Row]:
        venture_id = await self._venture_id()
        named = (venture_id, self._framework, name.scope, name.key, name.part)
        return await self._hf.engine.read(query, *named, *more)

    async def _venture_id(self) -> UUID:
        return await self._hf.venture_id(self._venture)


def _contents(rows: Sequence[Row]) -> list[bytes]:
    return [row["content"] for row in rows if row["content"] is not None]
