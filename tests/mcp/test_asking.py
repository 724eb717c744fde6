"""A question to a person: nothing is lost, and nothing is handed over for ever."""

from __future__ import annotations

import asyncio
import sys

from tests.support.desk import World
from tests.support.mcp import plain_environment
from tests.support.patience import PATIENCE_SECONDS


async def _answer(world: World, value: str) -> None:
    """Answer the only open question, as a person does."""
    [ticket] = await _until_open(world)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "holdfast", "answer", ticket, value, "--by", "Ann",
        cwd=world.folder, env={**plain_environment(), "HOLDFAST_DATABASE_URL": world.url},
    )  # fmt: skip
    assert await process.wait() == 0


async def _until_open(world: World) -> list[str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = await world.rows("select id::text from holdfast.questions where status = 'open'")
            if rows:
                return [ticket for (ticket,) in rows]
            await asyncio.sleep(0.01)


async def _statuses(world: World) -> list[str]:
    rows = await world.rows("select status::text from holdfast.questions order by id")
    return [status for (status,) in rows]


async def test_an_answer_that_comes_while_the_tool_waits_is_its_result(world: World) -> None:
    async with world.agent() as agent:
        asking = asyncio.create_task(
            agent.call("ask_human", question="Which?", options=["this", "that"], wait_seconds=60)
        )
        await _answer(world, "that")
        told = await asking
        assert (told["status"], told["answer"], told["answered_by"]) == ("delivered", "that", "Ann")
        assert await _statuses(world) == ["delivered"]


async def test_an_answer_that_comes_later_is_there_at_the_next_check(world: World) -> None:
    async with world.agent() as agent:
        asked = await agent.call("ask_human", question="Which?", wait_seconds=0)
        assert asked["status"] == "open"
        waiting = await agent.call("check_answers")
        assert waiting["answers"] == []
        assert [one["ticket"] for one in waiting["open"]] == [asked["ticket"]]
        await _answer(world, "this")
        [answer] = (await agent.call("check_answers"))["answers"]
        assert (answer["ticket"], answer["answered"], answer["by"]) == (
            asked["ticket"], "this", "Ann",
        )  # fmt: skip
        assert "handed_over_before" not in answer


async def test_an_answer_is_given_again_until_it_is_acknowledged_and_then_no_more(
    world: World,
) -> None:
    async with world.agent() as agent:
        asked = await agent.call("ask_human", question="Which?", wait_seconds=0)
        await _answer(world, "this")
        await agent.call("check_answers")
    async with world.agent() as agent:  # it was killed before it could act on it
        [answer] = (await agent.call("check_answers"))["answers"]
        assert answer["handed_over_before"] is True
        done = await agent.call("check_answers", acknowledge=[asked["ticket"]])
        assert done == {"answers": [], "open": []}
        assert await _statuses(world) == ["acknowledged"]
        assert (await agent.call("check_answers"))["answers"] == []


async def test_an_answer_that_nobody_was_given_cannot_be_acknowledged(world: World) -> None:
    async with world.agent() as agent:
        asked = await agent.call("ask_human", question="Which?", wait_seconds=0)
        said = await agent.refused("check_answers", acknowledge=[asked["ticket"]])
        assert "is open; from there it cannot become acknowledged" in said
        other = "00000000-0000-7000-8000-000000000007"
        said = await agent.refused("check_answers", acknowledge=[other])
        assert said.startswith(f"This session has no question with the ticket {other}.")


async def test_who_completes_its_work_has_used_the_answers_that_it_was_given_for_it(
    world: World,
) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        await agent.call("ask_human", question="Which?", wait_seconds=0)
        await _answer(world, "this")
        await agent.call("check_answers")
        await agent.call("ask_human", question="And?", wait_seconds=0)
        await agent.call("complete_work", summary="done")
        assert await _statuses(world) == ["acknowledged", "open"]


async def test_the_same_question_under_the_same_id_is_asked_once(world: World) -> None:
    async with world.agent() as agent:
        first = await agent.call("ask_human", "toolu_1", question="Which?", wait_seconds=0)
        await _answer(world, "this")
        again = await agent.call("ask_human", "toolu_1", question="Which?", wait_seconds=0)
        assert (again["ticket"], again["answer"]) == (first["ticket"], "this")
    assert await _statuses(world) == ["delivered"]


async def test_what_an_agent_asks_is_for_somebody_and_of_a_form_and_stands_in_the_inbox(
    world: World,
) -> None:
    schema = {
        "type": "object",
        "required": ["replicas"],
        "properties": {"replicas": {"type": "integer"}},
    }
    async with world.agent() as agent:
        asked = await agent.call(
            "ask_human", question="How many?", answer_schema=schema, audience={"person": "ann"},
            default={"replicas": 1}, expires_in_minutes=5, on_expiry="default", wait_seconds=0,
        )  # fmt: skip
        [told] = (await agent.call("list_questions"))["questions"]
        assert (told["id"], told["message"], told["responseSchema"]) == (
            asked["ticket"], "How many?", schema,
        )  # fmt: skip
        assert told["metadata"]["audience"] == {"person": "ann"}
        await _answer(world, '{"replicas": 3}')
        [answer] = (await agent.call("check_answers"))["answers"]
        assert answer["answered"] == {"replicas": 3}
