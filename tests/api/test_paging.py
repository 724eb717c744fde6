"""Pages while others write: what was there comes once, whatever is added meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.api.resources.paging import cursor_of, place
from holdfast.errors import InvalidValue

if TYPE_CHECKING:
    import httpx2

    from tests.support.api import Server

THERE, PAGE = 20, 6


async def _add(server: Server, n: int) -> None:
    """One more of what the lists show; each brings events too."""
    venture = {"venture_id": server.venture_id}
    call = server.engine.call
    await call("create_execution", name=f"e{n}", **venture)
    await call("add_directive", sd_key=f"SD-{n}", title="t", **venture)
    await call("start_session", session_id=f"s{n}", **venture)
    [supervisor] = await call("create_supervisor", name=f"v{n}", **venture)
    await call("ask_question", message="m", supervisor_id=supervisor["id"], key="k", **venture)


async def _all_of(client: httpx2.AsyncClient, noun: str) -> list[Any]:
    rows: list[Any] = []
    after: str | None = None
    while True:
        params = {"limit": 5 * PAGE if noun == "events" else PAGE} | (
            {"after": after} if after else {}
        )
        answer = await client.get(f"/api/v1/{noun}", params=params)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        after = answer.json()["next"]
        if after is None:
            return rows


def _key(row: Any) -> Any:
    return row.get("id") or (row["stream_id"], row["seq"])


NOUNS = ("executions", "directives", "sessions", "supervisors", "questions", "events")


async def test_pages_hold_each_row_once_while_rows_are_added(server: Server) -> None:
    for n in range(THERE):
        await _add(server, n)
    async with server.client("viewer") as client:
        there = {noun: {_key(row) for row in await _all_of(client, noun)} for noun in NOUNS}
        assert {len(there[noun]) for noun in NOUNS[:5]} == {THERE}
        stopped = asyncio.Event()

        async def keep_adding() -> int:
            n = THERE
            while not stopped.is_set():
                await _add(server, n)
                n += 1
            return n - THERE

        adding = asyncio.create_task(keep_adding())
        found = {noun: [_key(row) for row in await _all_of(client, noun)] for noun in NOUNS}
        stopped.set()
        assert await adding > 0
    for noun, keys in found.items():
        assert len(keys) == len(set(keys)), f"{noun}: something came twice"
        assert there[noun] <= set(keys), f"{noun}: something was missed"


async def test_a_text_that_is_no_cursor_is_refused(server: Server) -> None:
    async with server.client("viewer") as client:
        for after in ("x", cursor_of("x"), cursor_of(1, 2), "W10", "�"):
            answer = await client.get("/api/v1/executions", params={"after": after})
            assert answer.status_code == 422, after
            assert "`next` of a page" in answer.json()["detail"]


def test_a_cursor_is_what_it_was_made_of() -> None:
    assert place(cursor_of(7, "a"), int, str) == (7, "a")
    with pytest.raises(InvalidValue):
        place(cursor_of(7), int, str)
