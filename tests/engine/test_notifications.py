"""People are told once of each thing, whoever sends, and not at night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import InvalidValue
from tests.support.meeting import meeting
from tests.support.questions import answer, ask, asker
from tests.support.sql import Row, call, connected, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

HOUR = 3600


async def _claim(connection: Connection, **given: Any) -> list[Row]:
    return await call(connection, "claim_notifications", **{"channels": ["slack-1"], "holder": "w", **given})  # fmt: skip


async def _finish(connection: Connection, rows: list[Row], error: str | None = None) -> list[Row]:
    tokens = [row["token"] for row in rows]
    return await call(connection, "finish_notifications", leases=tokens, errors=[error] * len(rows))


def _told(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row["channel"], row["occasion"]) for row in rows]


async def _statuses(connection: Connection) -> list[str]:
    rows = await connection.fetch("select status::text from holdfast.notifications order by channel, occasion, number")  # fmt: skip
    return [row["status"] for row in rows]


async def test_a_thing_is_told_once_by_each_channel_and_by_one_sender(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await ask(connection, options=["yes", "no"])
        both = ["mail-2", "slack-1"]
        rows = await _claim(connection, channels=both)
        assert _told(rows) == [("mail-2", "asked"), ("slack-1", "asked")]
        assert (rows[0]["message"], rows[0]["options"], rows[0]["asker"]) == ("Deploy?", ["yes", "no"], "s")  # fmt: skip
        assert await _claim(connection, channels=both, holder="other") == []
        assert await _finish(connection, rows) == []
        assert await _claim(connection, channels=both) == []
        assert await _statuses(connection) == ["sent", "sent"]


async def test_who_dies_while_sending_leaves_it_to_another_whose_word_counts(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        await ask(connection)
        dead = await _claim(connection, lease_seconds=60)
        await set_clock(connection, 61)
        again = await _claim(connection, holder="other")
        assert [row["attempt"] for row in again] == [2]
        [refused] = await _finish(connection, dead, "late and wrong")
        assert (refused["token"], refused["code"]) == (dead[0]["token"], "HF001")
        assert await _finish(connection, again) == []
        assert await _statuses(connection) == ["sent"]


async def test_what_could_not_be_sent_is_tried_later_and_later_and_given_up_at_last(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        await ask(connection)
        at = 0
        for wait in (5, 10, 20):
            await _finish(connection, await _claim(connection), "no route")
            await set_clock(connection, at + wait - 1)
            assert await _claim(connection) == []
            at += wait
            await set_clock(connection, at)
        [row] = await _claim(connection)
        await call(connection, "finish_notifications", leases=[row["token"]], errors=["no route"], most_attempts=4)  # fmt: skip
        assert await _statuses(connection) == ["failed"]
        await set_clock(connection, 100 * HOUR)
        assert await _claim(connection) == []


async def test_nobody_is_told_in_the_quiet_hours_of_their_time_zone(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection, 9 * HOUR)  # 21:00 in UTC, 22:00 in Berlin
        quiet = {"quiet_hours": "22:00-07:00", "time_zone": "Europe/Berlin"}
        asked, answered = [await ask(connection) for _ in range(2)]
        assert await _claim(connection, **quiet) == []
        await answer(connection, answered, "yes")
        await set_clock(connection, 18 * HOUR - 1)
        assert await _claim(connection, **quiet) == []
        await set_clock(connection, 18 * HOUR)  # 06:00 in UTC, 07:00 in Berlin
        assert [row["question_id"] for row in await _claim(connection, **quiet)] == [asked]
        for bad in ({"quiet_hours": "night"}, quiet | {"time_zone": "Atlantis"}):
            with pytest.raises(InvalidValue, match="quiet hours"):
                await _claim(connection, **bad)


async def test_others_are_told_when_nobody_answers_some_time_after_it_was_told(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        asked = await ask(connection)
        late: dict[str, Any] = {"late_channels": ["phone-3"], "unanswered_after_seconds": 600}
        await set_clock(connection, 1000)  # it is long open, but nobody was told of it yet
        first = await _claim(connection, **late)
        assert _told(first) == [("slack-1", "asked")]
        await _finish(connection, first)
        await set_clock(connection, 1599)
        assert await _claim(connection, **late) == []
        await set_clock(connection, 1600)
        assert _told(await _claim(connection, **late)) == [("phone-3", "unanswered")]
        await answer(connection, asked, "yes")
        await set_clock(connection, 2000)  # its sender died, and nobody needs it any more
        assert await _claim(connection, **late) == []
        assert await _statuses(connection) == ["dropped", "sent"]


async def test_an_escalation_is_told_instead_of_what_it_replaces(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        later = {"audience": {"role": "owner"}}
        await ask(connection, expires_in_seconds=60, on_expiry="escalate", escalation=later)
        await _finish(connection, await _claim(connection), "no route")
        await set_clock(connection, 61)
        await call(connection, "reap")
        [row] = await _claim(connection)
        assert (row["occasion"], row["audience"]) == ("escalated", {"role": "owner"})
        assert await _statuses(connection) == ["dropped", "pending"]


async def test_of_two_senders_at_once_each_thing_goes_to_one(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        who = await asker(meet.watcher)
        for _ in range(3):
            await ask(meet.watcher, who)
        async with meet.first.transaction():
            mine = await _claim(meet.first, limit=2)
            other = await meet.wait_in_vain(meet.second, "claim_notifications", channels=["slack-1"], holder="o")  # fmt: skip
        theirs = await other.rows()
        assert {row["question_id"] for row in mine} & {row["question_id"] for row in theirs} == set()  # fmt: skip
        assert (len(mine), len(theirs)) == (2, 1)
