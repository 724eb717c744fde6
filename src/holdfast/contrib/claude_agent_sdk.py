"""A session store for the Claude Agent SDK: `ClaudeAgentOptions(session_store=HoldfastSessionStore(hf))`."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import OrderedDict
from datetime import datetime
from typing import Any

from holdfast.client import Holdfast
from holdfast.contrib._conversations import Conversations, Name
from holdfast.contrib._json import decoded, encoded
from holdfast.contrib._library import library
from holdfast.errors import Conflict

with library("claude_agent_sdk", extra="claude-agent-sdk"):
    from claude_agent_sdk import (
        SessionKey,
        SessionStore,
        SessionStoreEntry,
        SessionStoreListEntry,
        SessionSummaryEntry,
        fold_session_summary,
    )
    from claude_agent_sdk.types import SessionListSubkeysKey

_MOST_KNOWN = 1000
_MOST_TRIES = 10


@dataclasses.dataclass
class _Known:
    """What this writer knows of a transcript."""

    seen: int | None = None
    """The version up to which it has read or written; None: not looked yet."""
    summary: dict[str, Any] | None = None
    summary_of: int = 0
    lock: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)


class HoldfastSessionStore(SessionStore):
    """Transcripts of Claude Code's sessions and subagents, in the database.

    An entry with a `uuid` is there once, however often it is sent. A store that goes on with a session to which another
    one has added messages since is refused with `Conflict`; the SDK reports it as a `MirrorErrorMessage`. Titles and tags
    may come from anybody at any time.
    """

    def __init__(self, hf: Holdfast, *, venture: str | None = None) -> None:
        self._conversations = Conversations(hf, framework="claude", venture=venture)
        self._known: OrderedDict[Name, _Known] = OrderedDict()

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Add entries at the end of a transcript.

        Raises:
            Conflict: another store has added messages since this one read or wrote it.
            TooLarge: an entry or the transcript is too large.
        """
        if not entries:
            return
        name = _name(key)
        known = self._known_of(name)
        async with known.lock:
            if known.seen is None:
                await self._look(name, known)
                known.seen = known.summary_of
            for _ in range(_MOST_TRIES):
                if await self._append(name, known, key, entries):
                    return
                await self._look(name, known)
        raise Conflict(
            f"Others write to the session {name.key} all the time.", hint="Try again in a moment."
        )

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """A whole transcript, None where there is none."""
        name = _name(key)
        found = await self._conversations.read(name)
        known = self._known_of(name)
        known.seen = 0 if found is None else found.version
        # The items say nothing of the summary: no version is this one, so it is looked up before it is needed.
        known.summary_of = 0 if found is None else -1
        return None if found is None else [decoded(content) for content in found.contents]

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """The sessions of a project."""
        return [
            {"session_id": row["key"], "mtime": _milliseconds(row["updated_at"])}
            for row in await self._conversations.listed(project_key)
        ]

    async def list_session_summaries(self, project_key: str) -> list[SessionSummaryEntry]:
        """The sessions of a project with what the SDK has gathered of each."""
        return [
            {
                "session_id": row["key"],
                "mtime": _milliseconds(row["updated_at"]),
                "data": row["summary"],
            }
            for row in await self._conversations.listed(project_key)
            if row["summary"] is not None
        ]

    async def delete(self, key: SessionKey) -> None:
        """Forget a session with its subagents' transcripts, or one subagent's."""
        name = _name(key)
        await self._conversations.delete(name, all_parts=not name.part)
        for one in [one for one in self._known if _is_within(one, name)]:
            del self._known[one]

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """The subagents' transcripts of a session."""
        name = Name(scope=key["project_key"], key=key["session_id"])
        return [row["part"] for row in await self._conversations.parts(name) if row["part"]]

    async def _append(
        self, name: Name, known: _Known, key: SessionKey, entries: list[SessionStoreEntry]
    ) -> bool:
        """Try it on top of the summary that is known; false where that is not the newest."""
        summary = None if name.part else _folded(known.summary, key, entries)
        written = await self._conversations.append(
            name,
            [encoded(entry) for entry in entries],
            names=[entry.get("uuid") for entry in entries],
            seen=known.seen,
            summary=summary,
            summary_of=None if name.part else known.summary_of,
            carries_on=any(map(_carries_on, entries)),
        )
        if written.done:
            known.seen = known.summary_of = written.version
            known.summary = summary
        return written.done

    async def _look(self, name: Name, known: _Known) -> None:
        rows = [row for row in await self._conversations.parts(name) if row["part"] == name.part]
        known.summary_of = rows[0]["version"] if rows else 0
        known.summary = rows[0]["summary"] if rows else None

    def _known_of(self, name: Name) -> _Known:
        known = self._known.pop(name, None) or _Known()
        self._known[name] = known
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return known


def _name(key: SessionKey) -> Name:
    return Name(scope=key["project_key"], key=key["session_id"], part=key.get("subpath") or "")


def _is_within(one: Name, name: Name) -> bool:
    return (one.scope, one.key) == (name.scope, name.key) and name.part in ("", one.part)


def _carries_on(entry: SessionStoreEntry) -> bool:
    """Whether an entry is one of the chain that a transcript is; titles, tags and modes are not."""
    return "parentUuid" in entry or entry["type"] in ("user", "assistant")


def _folded(
    summary: dict[str, Any] | None, key: SessionKey, entries: list[SessionStoreEntry]
) -> dict[str, Any]:
    before: SessionSummaryEntry | None = (
        None if summary is None else {"session_id": key["session_id"], "mtime": 0, "data": summary}
    )
    return fold_session_summary(before, key, entries)["data"]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
