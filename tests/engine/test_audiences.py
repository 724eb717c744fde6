"""A question is for somebody, until some time, and then for others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from holdfast.errors import AlreadyAnswered, IllegalMove, InvalidValue, NotAllowed
from tests.support.callers import acting_as
from tests.support.questions import answer, ask, asker, question_of
from tests.support.sql import call, call_value, connected, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

DEFAULT_VENTURE = UUID("00000000-0000-7000-8000-000000000000")


@asynccontextmanager
async def _as(connection: Connection, user: str, role: str, **claims: Any) -> AsyncIterator[None]:
    claims |= {"sub": user, "ventures": {str(DEFAULT_VENTURE): role}}
    async with acting_as(connection, claims):
        yield


async def test_only_the_audience_and_an_owner_answer_and_others_are_told_whom_it_is_for(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        for_ann = {"audience": {"person": "ann@example.com"}}
        asked = [await ask(connection, **for_ann) for _ in range(2)]
        async with _as(connection, "bob", "operator"):
            with pytest.raises(NotAllowed, match=r"is for ann@example\.com") as refusal:
                await answer(connection, asked[0], 1)
            assert refusal.value.detail["audience"] == for_ann["audience"]
        # a person may answer what is for them, whatever else they may not
        async with _as(connection, "u-1", "viewer", email="Ann@Example.com"):
            await answer(connection, asked[0], 1)
        async with _as(connection, "zoe", "owner"):
            await answer(connection, asked[1], 2)
        rows = [await question_of(connection, one) for one in asked]
        assert [(r["answered_by"], r["answered_as"]) for r in rows] == [("u-1", "audience"), ("zoe", "owner")]  # fmt: skip


async def test_a_role_is_an_audience_and_without_one_a_question_is_for_operators(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        who = await asker(connection)
        asked = {role: await ask(connection, who, audience={"role": role}) for role in ("viewer", "owner")}  # fmt: skip
        asked["nobody"] = await ask(connection, who)
        async with _as(connection, "vic", "viewer"):
            await answer(connection, asked["viewer"], 1)
            for other in ("owner", "nobody"):
                with pytest.raises(NotAllowed):
                    await answer(connection, asked[other], 1)
        async with _as(connection, "olga", "operator"):
            await answer(connection, asked["nobody"], 1)
            with pytest.raises(NotAllowed, match="role owner"):
                await answer(connection, asked["owner"], 1)
        async with _as(connection, "zoe", "owner"):
            await answer(connection, asked["owner"], 1)
        row = await question_of(connection, asked["owner"])
        assert row["answered_as"] == "audience"


async def test_who_is_asked_for_is_told_by_the_token_and_not_by_the_caller(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        asked = await ask(connection, audience={"person": "ann"})
        async with _as(connection, "bob", "operator"):
            with pytest.raises(NotAllowed):
                await answer(connection, asked, 1, answered_by="ann")
            for audience, mine in (({"person": "ann"}, False), ({"person": "BOB"}, True), ({"role": "operator"}, True), (None, True)):  # fmt: skip
                told = await call_value(connection, "is_for", audience=audience, person="ann")
                assert told is mine, audience
        # who has the database itself is an owner; there the caller says who it is
        await answer(connection, asked, 1, answered_by="ann")
        assert (await question_of(connection, asked))["answered_as"] == "audience"


async def test_a_question_that_nobody_answers_is_for_others_and_at_last_gives_its_default(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        later = {"audience": {"role": "owner"}, "expires_in_seconds": 60, "on_expiry": "default"}
        given: dict[str, Any] = {"audience": {"person": "ann"}, "expires_in_seconds": 30, "on_expiry": "escalate",
                 "escalation": later, "default_answer": "no"}  # fmt: skip
        asked, other = [await ask(connection, **given) for _ in range(2)]
        await set_clock(connection, 31)
        async with _as(connection, "bob", "operator"):
            with pytest.raises(NotAllowed, match="role owner"):  # before any sweep came
                await answer(connection, asked, "yes")
        assert {tuple(row) for row in await call(connection, "reap")} == {
            ("question", asked, "escalated"), ("question", other, "escalated")}  # fmt: skip
        row = await question_of(connection, asked)
        assert (row["status"], row["audience"], row["escalated"]) == ("open", {"role": "owner"}, 1)
        async with _as(connection, "ann", "viewer"):  # she comes late, and is welcome
            await answer(connection, other, "yes")
        await set_clock(connection, 92)
        assert [tuple(row) for row in await call(connection, "reap")] == [
            ("question", asked, "expired")
        ]
        assert (await question_of(connection, asked))["answer"] == "no"
        events = await connection.fetch("select type from holdfast.events where type like 'question.%' and data ->> 'question_id' = $1 order by seq", str(asked))  # fmt: skip
        assert [row["type"] for row in events] == ["question.asked", "question.escalated", "question.expired"]  # fmt: skip


async def test_a_question_may_fail_when_nobody_answers(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        asked = await ask(connection, expires_in_seconds=30, on_expiry="fail", default_answer="no")
        await set_clock(connection, 31)
        await call(connection, "reap")
        row = await question_of(connection, asked)
        assert (row["status"], row["answer"]) == ("expired", None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"on_expiry": "fail"}, "never expires"),
        ({"on_expiry": "default", "expires_in_seconds": 1}, "without a default"),
        ({"on_expiry": "escalate", "expires_in_seconds": 1}, "do not belong together"),
        ({"escalation": {"audience": {"role": "owner"}}}, "do not belong together"),
        ({"on_expiry": "escalate", "expires_in_seconds": 1, "escalation": {}}, "escalation.audience is missing"),
        ({"on_expiry": "escalate", "expires_in_seconds": 1, "escalation": {"audience": {"role": "x"}}}, "escalation.audience.role"),
        ({"on_expiry": "escalate", "expires_in_seconds": 1, "escalation": {"audience": {"role": "owner"}, "on_expiry": "fail"}}, "never expires"),
        ({"expires_in_seconds": 0}, "not between"),
        ({"audience": {}}, "neither a person nor a role"),
        ({"audience": {"role": "king"}}, "none of viewer"),
        ({"audience": {"person": 7}}, "is no name"),
        ({"audience": {"person": "ann", "team": "x"}}, "team"),
        ({"options": [1], "schema": {}}, "both given"),
        ({"schema": {"type": "object", "properties": {"n": {"$ref": "#/x"}}}}, r"schema\.properties\.n has the keyword \$ref"),
        ({"schema": {"type": "number"}, "default_answer": "x"}, 'default_answer = "x" is not of the type number'),
    ],
)  # fmt: skip
async def test_a_question_that_cannot_be_kept_is_refused_when_it_is_asked(
    holdfast_url: str, given: dict[str, Any], told: str
) -> None:
    async with connected(holdfast_url) as connection:
        with pytest.raises(InvalidValue, match=told) as refusal:
            await ask(connection, **given)
        assert refusal.value.hint


async def test_an_answer_is_of_the_schemas_form_and_a_refusal_says_where_it_is_not(
    holdfast_url: str,
) -> None:
    schema = {
        "type": "object",
        "required": ["replicas"],
        "properties": {"replicas": {"type": "integer", "minimum": 1}},
    }
    async with connected(holdfast_url) as connection:
        asked = await ask(connection, schema=schema)
        for value, told in (
            (3, "answer = 3 is not of the type object"),
            ({}, r"answer\.replicas is missing"),
            ({"replicas": 0}, r"answer\.replicas = 0 is less than 1"),
            ({"replicas": 1.5}, r"answer\.replicas = 1\.5 is not of the type integer"),
        ):
            with pytest.raises(InvalidValue, match=told):
                await answer(connection, asked, value)
        await answer(connection, asked, {"replicas": 3})


async def test_an_answer_to_what_is_closed_is_refused_with_who_closed_it(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        withdrawn, answered = [await ask(connection) for _ in range(2)]
        async with _as(connection, "olga", "operator"):
            await call(connection, "dismiss_question", question_id=withdrawn, reason="It is moot.")
            await answer(connection, answered, 1)
        with pytest.raises(IllegalMove, match=r"withdrawn by olga at .*: It is moot\.") as refusal:
            await answer(connection, withdrawn, 1)
        assert refusal.value.detail["closed_by"] == "olga"
        with pytest.raises(AlreadyAnswered, match="by olga"):
            await answer(connection, answered, 1)
