"""Who answers meets who waits, who sweeps and who asks anew: whoever comes second sees what the first has done."""

from __future__ import annotations

from holdfast.errors import IllegalMove
from tests.support.meeting import meeting
from tests.support.questions import answer, ask, asker, question_of
from tests.support.sql import call, call_row, set_clock

NO_LEASE = {"epoch": None, "token": None}


async def test_an_answer_that_is_being_given_is_delivered_to_who_comes_to_wait(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        asked = await ask(meet.watcher)
        async with meet.first.transaction():
            await answer(meet.first, asked, "yes")
            waiting = await meet.wait_in_vain(meet.second, "deliver_answer", question_id=asked, **NO_LEASE)  # fmt: skip
        [delivered] = await waiting.rows()
        assert (delivered["status"], delivered["answer"]) == ("delivered", "yes")


async def test_an_answer_behind_somebody_who_looked_in_vain_is_there_at_the_next_look(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        asked = await ask(meet.watcher)
        async with meet.first.transaction():
            looked = await call_row(meet.first, "deliver_answer", question_id=asked, **NO_LEASE)
            answering = await meet.wait_in_vain(meet.second, "answer_question", question_id=asked, answer="yes")  # fmt: skip
        assert looked["status"] == "open"
        assert await answering.rows()
        delivered = await call_row(meet.first, "deliver_answer", question_id=asked, **NO_LEASE)
        assert delivered["answer"] == "yes"


async def test_who_answers_while_the_question_becomes_others_is_still_heard(
    holdfast_url: str,
) -> None:
    async with meeting(holdfast_url) as meet:
        for connection in (meet.first, meet.second, meet.watcher):
            await set_clock(connection)
        asked = await ask(meet.watcher, audience={"person": "ann"}, expires_in_seconds=60,
                          on_expiry="escalate", escalation={"audience": {"role": "owner"}})  # fmt: skip
        for connection in (meet.first, meet.second):
            await set_clock(connection, 61)
        async with meet.first.transaction():
            [swept] = await call(meet.first, "reap")
            late = await meet.wait_in_vain(meet.second, "answer_question", question_id=asked, answer="yes", answered_by="ann")  # fmt: skip
        assert swept["outcome"] == "escalated"
        assert await late.rows()
        row = await question_of(meet.watcher, asked)
        assert (row["status"], row["answered_by"], row["escalated"]) == ("answered", "ann", 1)


async def test_who_approves_what_is_changed_in_this_moment_is_refused(holdfast_url: str) -> None:
    async with meeting(holdfast_url) as meet:
        who = await asker(meet.watcher)
        asked = await ask(meet.watcher, who, key="gate", action={"revision": 1})
        async with meet.first.transaction():
            anew = await ask(meet.first, who, key="gate", action={"revision": 2})
            approving = await meet.wait_in_vain(meet.second, "answer_question", question_id=asked, answer="yes")  # fmt: skip
        assert await approving.refusal() is IllegalMove
        assert (await question_of(meet.watcher, anew))["status"] == "open"
