"""A session for the OpenAI Agents SDK: `Runner.run(agent, "…", session=HoldfastSession("ann", hf))`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.client import Holdfast
from holdfast.contrib._conversations import Conversations, Name
from holdfast.contrib._json import decoded, encoded

if TYPE_CHECKING:
    from agents.items import TResponseInputItem
    from agents.memory import SessionSettings


class HoldfastSession:
    """One writer of one conversation.

    What it adds goes on from what it read: if another writer has carried the conversation on since, it is refused with
    `Conflict`, which says who that was. One that has read nothing adds blindly.
    """

    def __init__(
        self,
        session_id: str,
        hf: Holdfast,
        *,
        venture: str | None = None,
        session_settings: SessionSettings | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings = session_settings
        self._name = Name(key=session_id)
        self._conversations = Conversations(hf, framework="openai", venture=venture)
        self._seen: int | None = None

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The conversation, oldest item first; with a limit its newest items."""
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        if limit is None:
            found = await self._conversations.read(self._name)
        else:
            found = await self._conversations.newest(self._name, max(limit, 0))
        self._seen = 0 if found is None else found.version
        return [] if found is None else [decoded(content) for content in found.contents]

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Add items at the end.

        Raises:
            Conflict: another writer has carried the conversation on since this one read it.
            TooLarge: an item or the conversation is too large.
        """
        if items:
            contents = [encoded(item) for item in items]
            written = await self._conversations.append(self._name, contents, seen=self._seen)
            self._seen = written.version

    async def pop_item(self) -> TResponseInputItem | None:
        """Take the newest item off and give it; None where there is none.

        Raises:
            Conflict: another writer has carried the conversation on since this one read it.
        """
        self._seen, content = await self._conversations.pop(self._name, seen=self._seen)
        item: TResponseInputItem | None = None if content is None else decoded(content)
        return item

    async def clear_session(self) -> None:
        """Forget the conversation, whoever has written to it."""
        await self._conversations.delete(self._name, all_parts=True)
        self._seen = 0
