"""A question is never lost and never answered twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from holdfast.errors import AlreadyAnswered, IllegalMove, InvalidValue, LeaseLost
from tests.support.callers import asking
from tests.support.sql import Row, call, call_row, call_value, connected, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def _claimed(connection: Connection, handler: str = "h") -> dict[str, Any]:
    """Who asks: a supervisor under a lease, new or taken up again."""
    rows = await call(connection, "claim_supervisors", holder="w", handlers=[handler])
    if not rows:
        await call(connection, "create_supervisor", name="s", handler=handler)
        rows = await call(connection, "claim_supervisors", holder="w", handlers=[handler])
    return {"supervisor_id": rows[0]["id"], "epoch": rows[0]["epoch"], "token": rows[0]["token"]}


def _fence(who: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": who["epoch"], "token": who["token"]}


async def _ask(connection: Connection, who: dict[str, Any], **given: Any) -> UUID:
    row = await call_row(connection, "ask_question", **{"message": "Deployed?", **who, **given})
    found: UUID = row["id"]
    return found


async def _question(connection: Connection, question_id: UUID) -> Row:
    return await one(connection, "select * from holdfast.questions where id = $1", question_id)


async def _told(connection: Connection) -> list[str]:
    rows = await connection.fetch(
        "select type from holdfast.events where type like 'question.%' order by seq"
    )
    return [row["type"].removeprefix("question.") for row in rows]


async def test_a_question_lives_from_asking_to_acknowledging(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _claimed(connection)
        asked = await _ask(connection, who, options=["yes", "no"])
        await call(
            connection, "answer_question", question_id=asked, answer="yes", answered_by="Ann"
        )
        delivered = await call_row(connection, "deliver_answer", question_id=asked, **_fence(who))
        assert tuple(delivered) == ("delivered", "yes", "Ann")
        await call(connection, "acknowledge_answer", question_id=asked, **_fence(who))
        row = await _question(connection, asked)
        assert (row["status"], row["answer"], row["answered_by"]) == ("acknowledged", "yes", "Ann")
        assert (
            row["created_at"] <= row["answered_at"] <= row["delivered_at"] <= row["acknowledged_at"]
        )
        assert await _told(connection) == ["asked", "answered", "delivered", "acknowledged"]


async def test_a_second_answer_is_refused_and_told_who_gave_the_first(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        asked = await _ask(connection, await _claimed(connection))
        await call(
            connection, "answer_question", question_id=asked, answer="yes", answered_by="Ann"
        )
        for answer in ("no", "yes"):
            with pytest.raises(AlreadyAnswered) as refusal:
                await call(connection, "answer_question", question_id=asked, answer=answer, answered_by="Bob")  # fmt: skip
            assert refusal.value.detail["answered_by"] == "Ann"
            assert refusal.value.detail["answer"] == "yes"
            assert "Ann" in str(refusal.value)
        row = await _question(connection, asked)
        assert (row["answer"], row["answered_by"]) == ("yes", "Ann")
        assert await _told(connection) == ["asked", "answered"]


async def test_who_answers_is_taken_from_the_token_and_not_from_what_the_caller_says(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        asked = await _ask(connection, await _claimed(connection))
        venture = (await _question(connection, asked))["venture_id"]
        claims = {"sub": "Ann", "ventures": {str(venture): "operator"}}
        async with asking(connection, "authenticated", claims):
            await call(
                connection, "answer_question", question_id=asked, answer=1, answered_by="Bob"
            )
            assert (await _question(connection, asked))["answered_by"] == "Ann"


async def test_an_answer_is_one_of_the_options(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _claimed(connection)
        asked = await _ask(connection, who, options=["yes", {"retry": 3}])
        for answer in ("maybe", "YES", {"retry": 4}, None):
            with pytest.raises(InvalidValue):
                await call(connection, "answer_question", question_id=asked, answer=answer)
        await call(connection, "answer_question", question_id=asked, answer={"retry": 3})
        with pytest.raises(InvalidValue):
            await _ask(connection, who, options=["yes"], default_answer="no")


async def test_asking_twice_under_one_key_gives_one_question(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        who = await _claimed(connection)
        asked = await _ask(connection, who, key="deploy")
        assert await _ask(connection, who, key="deploy", message="said otherwise") == asked
        await call(connection, "answer_question", question_id=asked, answer="yes")
        await set_clock(connection, 60)
        await call(connection, "reap")
        again = await call_row(connection, "ask_question", message="Deployed?", key="deploy", **await _claimed(connection))  # fmt: skip
        assert tuple(again) == (asked, "answered", "yes")
        assert await _told(connection) == ["asked", "answered"]
        other = await _claimed(connection, handler="other")
        assert await _ask(connection, other, key="deploy") != asked  # keys are the asker's own


async def test_an_open_question_and_an_unconsumed_answer_outlive_their_asker(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        dead = await _claimed(connection)
        asked = {key: await _ask(connection, dead, key=key) for key in ("open", "answered", "delivered")}  # fmt: skip
        await call(connection, "answer_question", question_id=asked["delivered"], answer=1)
        await call(connection, "deliver_answer", question_id=asked["delivered"], **_fence(dead))
        await set_clock(connection, 60)
        await call(connection, "reap")
        await call(connection, "answer_question", question_id=asked["answered"], answer=2)

        (row,) = await call(connection, "claim_supervisors", holder="w", handlers=["h"])
        assert row["memory"]["questions"] == {key: str(id_) for key, id_ in asked.items()}
        fence = {"epoch": row["epoch"], "token": row["token"]}
        pending = (await call_row(connection, "get_supervisors_with_pending_questions"))["pending_questions"]  # fmt: skip
        assert {q["key"]: q["status"] for q in pending} == {key: key for key in asked}
        for key, answer in (("answered", 2), ("delivered", 1)):
            with pytest.raises(LeaseLost):
                await call(connection, "deliver_answer", question_id=asked[key], **_fence(dead))
            handed = await call_row(connection, "deliver_answer", question_id=asked[key], **fence)
            assert (handed["status"], handed["answer"]) == ("delivered", answer)
            await call(connection, "acknowledge_answer", question_id=asked[key], **fence)
        handed = await call_row(connection, "deliver_answer", question_id=asked["open"], **fence)
        assert handed["status"] == "open"


async def test_an_expired_question_gives_its_default_and_takes_no_answer(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        who = await _claimed(connection)
        asked = await _ask(connection, who, options=["yes", "no"], default_answer="no", expires_in_seconds=20)  # fmt: skip
        await set_clock(connection, 19)
        assert await call(connection, "reap") == []
        now = await set_clock(connection, 20)
        with pytest.raises(IllegalMove):  # before any reaper came
            await call(connection, "answer_question", question_id=asked, answer="yes")
        (swept,) = await call(connection, "reap")
        assert tuple(swept) == ("question", asked, "expired")
        row = await _question(connection, asked)
        assert (row["status"], row["answer"], row["closed_at"]) == ("expired", "no", now)
        with pytest.raises(IllegalMove):
            await call(connection, "answer_question", question_id=asked, answer="yes")
        handed = await call_row(connection, "deliver_answer", question_id=asked, **_fence(who))
        assert (handed["status"], handed["answer"]) == ("expired", "no")
        assert await _told(connection) == ["asked", "expired"]


async def test_a_withdrawn_question_takes_no_answer(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _claimed(connection)
        asked = await _ask(connection, who)
        await call(connection, "withdraw_question", question_id=asked, **_fence(who), reason="moot")
        with pytest.raises(IllegalMove):
            await call(connection, "answer_question", question_id=asked, answer="yes")
        answered = await _ask(connection, who)
        await call(connection, "answer_question", question_id=answered, answer="yes")
        with pytest.raises(IllegalMove):
            await call(connection, "withdraw_question", question_id=answered, **_fence(who))


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        ({"state": "completed"}, "Who asked it is done."),
        ({"state": "failed", "error": "no disk"}, "Who asked it has failed: no disk"),
    ],
)
async def test_what_nobody_is_left_to_be_told_is_withdrawn(
    holdfast_url: str, ending: dict[str, Any], why: str
) -> None:
    async with connected(holdfast_url) as connection:
        who = await _claimed(connection)
        await call(connection, "save_supervisor", **who, state="working")
        open_ = [await _ask(connection, who) for _ in range(2)]
        answered = await _ask(connection, who)
        await call(connection, "answer_question", question_id=answered, answer="yes")
        await call(connection, "finish_supervisor", **who, **ending)
        for asked in open_:
            row = await _question(connection, asked)
            assert (row["status"], row["close_reason"]) == ("withdrawn", why)
        assert (await _question(connection, answered))["status"] == "answered"
        with pytest.raises(IllegalMove, match=why):
            await call(connection, "answer_question", question_id=open_[0], answer="yes")


async def test_an_answer_is_acknowledged_once_and_only_after_delivery(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _claimed(connection)
        asked = await _ask(connection, who)
        acknowledge = {"question_id": asked, **_fence(who)}
        with pytest.raises(IllegalMove):
            await call(connection, "acknowledge_answer", **acknowledge)
        await call(connection, "answer_question", question_id=asked, answer="yes")
        with pytest.raises(IllegalMove):
            await call(connection, "acknowledge_answer", **acknowledge)
        await call(connection, "deliver_answer", **acknowledge)
        await call(connection, "deliver_answer", **acknowledge)
        assert await call_value(connection, "acknowledge_answer", **acknowledge) is not None
        assert await call_value(connection, "acknowledge_answer", **acknowledge) is None
        assert await _told(connection) == ["asked", "answered", "delivered", "acknowledged"]


async def test_a_session_asks_under_its_own_lease(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        session = await call_row(connection, "start_session", session_id="s")
        fence = {"epoch": session["epoch"], "token": session["token"]}
        stale = {"epoch": session["epoch"], "token": UUID(int=7)}
        with pytest.raises(LeaseLost):
            await _ask(connection, {"session_id": "s", **stale})
        asked = await _ask(connection, {"session_id": "s", **fence})
        await call(connection, "answer_question", question_id=asked, answer="yes")
        for function in ("deliver_answer", "acknowledge_answer", "withdraw_question"):
            with pytest.raises(LeaseLost):
                await call(connection, function, question_id=asked, **stale)
        handed = await call_row(connection, "deliver_answer", question_id=asked, **fence)
        assert handed["answer"] == "yes"


async def test_a_question_has_exactly_one_asker(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        who = await _claimed(connection)
        for asker in ({}, {**who, "session_id": "s"}):
            with pytest.raises(InvalidValue):
                await call(connection, "ask_question", message="?", **asker)
