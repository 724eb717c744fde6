"""An approval is for exactly one action, and void when that has changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from holdfast.engine.connections import translated
from holdfast.errors import Blocked, Conflict
from tests.support.questions import answer, ask, asker, question_of
from tests.support.sql import call_row, connected

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

DEPLOY = {"run": ["deploy", "--to", "production"], "revision": "a1", "weight": 1}


async def _require(connection: Connection, question_id: UUID, action: Any) -> None:
    statement = "select holdfast.require_approval(q, $2) from holdfast.questions q where id = $1"
    await translated(lambda: connection.fetch(statement, question_id, action))


async def test_an_approval_holds_for_its_action_alone(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        asked = await ask(connection, action=DEPLOY)
        with pytest.raises(Blocked):
            await _require(connection, asked, DEPLOY)
        await answer(connection, asked, "approve")
        await _require(connection, asked, DEPLOY)
        # the same written otherwise is the same
        await _require(connection, asked, {"weight": 1.0, **dict(reversed(DEPLOY.items()))})
        for changed in (DEPLOY | {"revision": "a2"}, DEPLOY | {"more": None}, None):
            with pytest.raises(Conflict, match="another action"):
                await _require(connection, asked, changed)


async def test_the_digest_is_that_of_the_canonical_json(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        asked = await ask(connection, action={"ü": [1.50, "a\nb", None], "a": {"c": True, "B": -0.1}})  # fmt: skip
        text = '{"a":{"B":-0.1,"c":true},"ü":[1.5,"a\\nb",null]}'
        assert (await question_of(connection, asked))["action_digest"] == hashlib.sha256(text.encode()).digest()  # fmt: skip


async def test_an_answer_for_another_action_than_the_one_seen_is_refused(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        asked = await ask(connection, action=DEPLOY)
        digest = (await question_of(connection, asked))["action_digest"]
        with pytest.raises(Conflict, match="another action"):
            await answer(connection, asked, "approve", action_digest=bytes(32))
        await answer(connection, asked, "approve", action_digest=digest)
        told = await call_row(connection, "approval_of", question_id=asked, action_digest=digest)
        assert (told["holds"], told["answer"]) == (True, "approve")
        told = await call_row(connection, "approval_of", question_id=asked, action_digest=bytes(32))
        assert (told["holds"], "another action" in told["reason"]) == (False, True)


async def test_what_has_changed_since_it_was_approved_is_asked_anew(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await asker(connection)
        approved = await ask(connection, who, key="gate", action=DEPLOY)
        await answer(connection, approved, "approve")
        assert await ask(connection, who, key="gate", action=DEPLOY) == approved
        changed = DEPLOY | {"revision": "a2"}
        anew = await ask(connection, who, key="gate", action=changed)
        assert anew != approved
        with pytest.raises(Conflict, match="void"):
            await _require(connection, approved, DEPLOY)
        newest = await ask(connection, who, key="gate", action=DEPLOY | {"revision": "a3"})
        assert (await question_of(connection, anew))["status"] == "withdrawn"  # it was still open
        assert await ask(connection, who, key="gate") == newest
