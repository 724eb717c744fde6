"""Who calls: what agent programs say of themselves beside a tool call. None of it is ever required."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from holdfast.sync.keeping import SESSION_VARIABLE

_SESSION_VARIABLES = (SESSION_VARIABLE, "CLAUDE_CODE_SESSION_ID")
_CALL_IDS = ("claudecode/toolUseId", "callId")
_THREAD_IDS = ("threadId", "thread_id", "session_id")
_CODEX_TURN = "x-codex-turn-metadata"
_MOST_CHARACTERS = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class Caller:
    """One tool call's session and id."""

    session: str | None
    """What the agent program calls its session; unset if it does not say."""
    key: str | None
    """Its id of this call: a repeated call has the same."""
    agent: str | None
    """The program's name."""


def caller_of(
    meta: Mapping[str, Any] | None,
    environment: Mapping[str, str],
    *,
    agent: str | None = None,
    key: str | None = None,
) -> Caller:
    """Read a call's metadata; an explicit key comes before the program's own.

    >>> caller_of({"callId": "c1", "threadId": "t"}, {}).session
    't'
    """
    meta = meta or {}
    turn = meta.get(_CODEX_TURN)
    places = (meta, turn if isinstance(turn, Mapping) else {})
    named = next((environment[name] for name in _SESSION_VARIABLES if environment.get(name)), None)
    threads = (_text(place.get(name)) for place in places for name in _THREAD_IDS)
    return Caller(
        session=named or next(filter(None, threads), None),
        key=key or next(filter(None, (_text(meta.get(name)) for name in _CALL_IDS)), None),
        agent=agent,
    )


def _text(value: object) -> str | None:
    """A name that the database takes."""
    return value if isinstance(value, str) and 0 < len(value) <= _MOST_CHARACTERS else None
