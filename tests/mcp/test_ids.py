"""A tool call that is repeated under its id changes nothing, and is given what the first one was given."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import MCPError

from tests.support.desk import World

STEPS = {"steps": [{"name": "read", "status": "completed"}, {"name": "write"}]}
# In this order each is accepted; every one changes something.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("claim_work", {}),
    ("report_progress", {**STEPS, "phase": "PLAN"}),
    ("log", {"message": "found it"}),
    ("ask_human", {"question": "Which?", "wait_seconds": 0}),
    ("check_answers", {}),
    ("spawn", {"agent": "command", "input": {"command": ["true"]}}),
    ("complete_work", {"summary": "done"}),
    ("claim_work", {"key": "SD-3"}),
    ("block_work", {"reason": "no access"}),
]


async def _state(world: World) -> list[tuple[Any, ...]]:
    """Everything that tools change, but for leases."""
    return await world.rows(
        "select type, data::text from holdfast.events where type not like 'session.%' order by 1, 2"
    )


async def test_a_repeated_call_changes_nothing_and_gives_the_first_result(world: World) -> None:
    async with world.agent() as agent:
        for number, (tool, arguments) in enumerate(CALLS):
            first = await agent.call(tool, f"toolu_{number}", **arguments)
            before = await _state(world)
            again = await agent.call(tool, f"toolu_{number}", **arguments)
            assert (tool, _lasting(again)) == (tool, _lasting(first))
            assert await _state(world) == before, tool


async def test_a_server_killed_between_commit_and_reply_has_done_the_call_once(
    world: World,
) -> None:
    """One server after the other dies after the commit of its second call, whose answer nobody gets."""
    for number, (tool, arguments) in enumerate(CALLS):
        point = f"after call_tool {1 if number == 0 else 2}"
        with pytest.raises((MCPError, BaseExceptionGroup)):
            async with world.agent(HOLDFAST_FAILPOINT=point) as agent:
                if number:
                    await _repeat(world, agent, number - 1)
                await agent.call(tool, f"toolu_{number}", **arguments)
    async with world.agent() as agent:
        await _repeat(world, agent, len(CALLS) - 1)
    rows = await world.rows("select tool from holdfast.tool_calls order by created_at")
    assert [tool for (tool,) in rows] == [tool for tool, _ in CALLS]
    counted = await world.rows(
        "select type, count(*) from holdfast.events where type in ('directive.claimed',"
        " 'question.asked', 'execution.logged', 'directive.completed', 'directive.blocked') group by 1 order by 1"
    )
    assert counted == [
        ("directive.blocked", 1), ("directive.claimed", 2), ("directive.completed", 1),
        ("execution.logged", 1), ("question.asked", 1),
    ]  # fmt: skip


async def _repeat(world: World, agent: Any, number: int) -> None:
    tool, arguments = CALLS[number]
    before = await _state(world)
    await agent.call(tool, f"toolu_{number}", **arguments)
    assert await _state(world) == before, tool


async def test_an_id_of_another_tool_is_refused(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work", "toolu_1")
        said = await agent.refused("block_work", "toolu_1", reason="no access")
        assert said == (
            "The id toolu_1 is that of a call of claim_work before. Next: Give each call an id of its own."
        )


async def test_an_explicit_id_comes_before_the_programs_own(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("log", "toolu_1", message="once", idempotency_key="mine")
        assert await agent.call("log", "toolu_2", message="once", idempotency_key="mine") == {
            "line": 1
        }
    assert await world.rows("select key from holdfast.tool_calls") == [("mine",)]


async def test_a_refused_call_is_not_recorded_and_may_be_made_again(world: World) -> None:
    other = await world.session("other")
    await world.call("claim_directive", **other, sd_key="SD-2")
    async with world.agent() as agent:
        await agent.refused("claim_work", "toolu_1", key="SD-2")
        await world.call("end_session", **other)
        assert (await agent.call("claim_work", "toolu_1", key="SD-2"))["how"] == "free"


async def test_old_calls_are_forgotten(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("log", "toolu_1", message="old")
        await agent.call("log", "toolu_2", message="new")
    await world.call("forget_tool_calls", retention_days=1)
    assert len(await world.rows("select from holdfast.tool_calls")) == 2
    await world.rows(
        "update holdfast.tool_calls set created_at = created_at - interval '2 days' where key = 'toolu_1'"
    )
    await world.call("forget_tool_calls", retention_days=1)
    assert await world.rows("select key from holdfast.tool_calls") == [("toolu_2",)]


def _lasting(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what is read afresh beside it."""
    return {name: value for name, value in result.items() if name != "directive"}
