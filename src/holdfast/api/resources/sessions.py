"""Sessions: runs of agent programs, and what they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from holdfast.api.resources.documenting import ANY, ONE, READING, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.measuring import WithEta, measured, progress_of
from holdfast.api.resources.paging import (
    DEFAULT_LIMIT,
    After,
    Limit,
    Open,
    Page,
    Search,
    page_of,
    place,
)
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.progress import Eta
from holdfast.api.resources.shapes.sessions import Claim, Divergence, Session, SessionHook
from holdfast.api.resources.writing import Done, NeededReason, OptionalReason, Undo, Writing
from holdfast.model.sessions import SessionState
from holdfast.progress import of_sessions

router = resource("/api/v1/sessions", tag="sessions")

_MOST_DIVERGENCES = 100
SessionName = Annotated[
    str, Path(max_length=200, description="The session's id, or the agent program's name for it.")
]


@router.get("", responses=ANY)
async def list_sessions(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    state: SessionState | None = None,
    agent: Annotated[str | None, Query(max_length=200)] = None,
    q: Search = None,
    only_open: Open = False,
    eta: WithEta = False,
) -> Page[Session]:
    """Sessions with what they hold, newest first; `q` is a part of the name."""
    [before] = place(after, UUID)
    rows = await reading.rows("list_sessions", before, limit + 1, state, agent, q, only_open)
    page = page_of(rows, limit, Session, lambda row: [row["id"]])
    return await measured(reading, page, of_sessions) if eta else page


@router.get("/{session_id}/progress", responses=READING)
async def get_session_progress(reading: Reading, session_id: SessionName) -> Eta:
    """How far it is, and how long it will take."""
    row = await reading.one("one_session", "session", session_id)
    return await progress_of(reading, of_sessions, row["id"])


@router.get("/{session_id}", response_model=Session, responses=ONE)
async def get_session(
    reading: Reading, session_id: SessionName, if_none_match: IfNoneMatch = None
) -> Response:
    """One session."""
    row = await reading.one("one_session", "session", session_id)
    return tagged(Session.model_validate(dict(row)), row["seq"], if_none_match)


@router.get("/{session_id}/claims", responses=READING)
async def list_claims(
    reading: Reading, session_id: SessionName, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[Claim]:
    """What the session claimed, newest first, and how each claim ended."""
    session = await reading.one("one_session", "session", session_id)
    before, directive = place(after, datetime.fromisoformat, UUID)
    rows = await reading.rows("session_claims", session["session_id"], before, limit + 1, directive)
    return page_of(rows, limit, Claim, lambda row: [row["claimed_at"], row["directive_id"]])


@router.get("/{session_id}/hooks", responses=READING)
async def list_session_hooks(
    reading: Reading, session_id: SessionName, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[SessionHook]:
    """The hooks of its agent program that ran, by name; written every ten seconds or so."""
    session = await reading.one("one_session", "session", session_id)
    [name] = place(after, str)
    rows = await reading.rows("list_session_hooks", session["id"], name, limit + 1)
    return page_of(rows, limit, SessionHook, lambda row: [row["hook"]])


@router.get("/{session_id}/divergences", responses=READING)
async def list_divergences(reading: Reading, session_id: SessionName) -> Page[Divergence]:
    """Where its files, its branch and the database said different things, seen last first; the newest hundred are kept."""
    session = await reading.one("one_session", "session", session_id)
    rows = await reading.rows("list_divergences", session["id"], _MOST_DIVERGENCES)
    return Page(items=[Divergence.model_validate(dict(row)) for row in rows], next=None)


@router.post("/{session_id}/release", responses=WRITING)
async def release_session(
    reading: Reading, writing: Writing, session_id: SessionName, given: NeededReason
) -> Done:
    """Take away what the session holds; needs the role operator."""
    session = await reading.one("one_session", "session", session_id)
    name = session["session_id"]
    undo = session["sd_key"] and Undo(
        path=f"/api/v1/directives/{session['sd_key']}/take-over",
        body={"session_id": name, "reason": "taken back"},
    )
    return await writing.do("release_claim", name, undo=undo, reason=given.reason)


@router.post("/{session_id}/end", responses=WRITING)
async def end_session(
    reading: Reading, writing: Writing, session_id: SessionName, given: OptionalReason
) -> Done:
    """End the session: what it holds is given back, and its next call is refused; needs the role operator."""
    session = await reading.one("one_session", "session", session_id)
    return await writing.do("close_session", session["session_id"], reason=given.reason)
