"""Each tool, from the agent's side and from the database's."""

from __future__ import annotations

from tests.support.desk import World


async def test_every_tool_says_what_it_is_for_and_what_it_takes(world: World) -> None:
    async with world.agent() as agent:
        tools = {tool.name: tool for tool in (await agent.session.list_tools()).tools}
    assert set(tools) == {
        "claim_work", "get_context", "report_progress", "log", "ask_human", "check_answers", "list_questions",
        "complete_work", "block_work", "spawn",
    }  # fmt: skip
    for tool in tools.values():
        assert tool.description
        assert not tool.description.startswith(" ")
        assert tool.input_schema["type"] == "object"
        assert "ctx" not in tool.input_schema["properties"]
    assert tools["report_progress"].input_schema["$defs"]["Step"]["required"] == ["name"]
    assert tools["ask_human"].input_schema["required"] == ["question"]


async def test_claiming_without_a_key_gives_the_next_directive_that_is_free(world: World) -> None:
    async with world.agent() as agent:
        claimed = await agent.call("claim_work")
        assert (claimed["claimed"], claimed["how"]) == ("SD-2", "free")
        assert claimed["directive"]["title"] == "part SD-2"
        assert await world.directive("SD-2") == ("active", "LEAD", "agent-1")
        again = await agent.call("claim_work")
        assert (again["claimed"], again["how"]) == ("SD-2", "held already")
    assert len(await world.events("directive.claimed")) == 1


async def test_nothing_free_is_an_answer_and_no_error(world: World) -> None:
    other = await world.session("other")
    await world.call("claim_directive", **other, sd_key="SD-2")
    async with world.agent() as agent:
        claimed = await agent.call("claim_work")
    assert claimed["claimed"] is None
    assert claimed["why"].startswith("Nothing is free")


async def test_what_another_session_holds_is_refused_with_its_name(world: World) -> None:
    other = await world.session("other")
    await world.call("claim_directive", **other, sd_key="SD-2")
    async with world.agent() as agent:
        said = await agent.refused("claim_work", key="SD-2")
    assert said.startswith("SD-2 is held by other since ")
    assert " Next: Wait until its lease ends" in said
    assert "\n" not in said


async def test_a_session_holds_one_directive_unless_it_switches(world: World) -> None:
    await world.call("add_directive", sd_key="SD-9", title="other", status="active")
    async with world.agent() as agent:
        await agent.call("claim_work", key="SD-2")
        said = await agent.refused("claim_work", key="SD-9")
        assert "holds SD-2; a session holds one directive at a time" in said
        switched = await agent.call("claim_work", key="SD-9", switch=True)
        assert (switched["claimed"], switched["released"]) == ("SD-9", "SD-2")
    assert (await world.directive("SD-2"))[2] is None


async def test_steps_become_the_steps_of_an_execution_and_progress_is_derived(
    world: World,
) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        steps = [
            {"name": "read", "status": "completed"},
            {"name": "write", "status": "in_progress"},
            {"name": "test"},
            {"name": "tell"},
        ]
        told = await agent.call("report_progress", steps=steps, phase="PLAN")
        assert (told["percent"], told["completed_steps"], told["total_steps"]) == (25, 1, 4)
        assert told["activity"] == "write"
        [row] = await world.rows(
            "select name, status::text, progress from holdfast.agent_executions"
        )
        assert row == ("part SD-2", "running", 25)
        assert await world.steps() == [("read", "completed"), ("write", "running")]
        assert (await world.directive("SD-2"))[1] == "PLAN"


async def test_a_done_step_that_leaves_the_list_stays_done(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        await agent.call("report_progress", steps=[{"name": "one", "status": "completed"}])
        two = [{"name": "two", "status": "completed"}, {"name": "three", "status": "in_progress"}]
        told = await agent.call("report_progress", steps=two)
        assert (told["completed_steps"], told["total_steps"]) == (2, 3)
        assert await world.steps() == [
            ("one", "completed"), ("two", "completed"), ("three", "running"),
        ]  # fmt: skip


async def test_steps_of_one_name_are_told_apart(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        twice = [{"name": "test", "status": "completed"}, {"name": "test"}]
        told = await agent.call("report_progress", steps=twice)
        assert (told["completed_steps"], told["total_steps"]) == (1, 2)
        shown = (await agent.call("get_context"))["progress"]["steps"]
        assert [step["status"] for step in shown] == ["completed", "pending"]


async def test_an_activity_is_told_without_a_list(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        assert (await agent.call("report_progress", activity="thinking"))["activity"] == "thinking"
    rows = await world.rows("select current_activity, progress from holdfast.agent_executions")
    assert rows == [("thinking", None)]


async def test_a_wrong_list_of_steps_is_refused_and_changes_nothing(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        assert await agent.refused(
            "report_progress", steps=[{"name": "", "status": "in_progress"}]
        ) == ("steps.0.name: String should have at least 1 character. Next: Correct the arguments.")
        assert "Input should be 'pending', 'in_progress'" in await agent.refused(
            "report_progress", steps=[{"name": "a", "status": "going"}]
        )
        assert await agent.refused("report_progress") == (
            "Nothing was reported. Next: Give steps, an activity or a phase."
        )
        many = [{"name": f"step {n}"} for n in range(501)]
        assert (await agent.refused("report_progress", steps=many)).startswith(
            "items is not an array of at most 500 todo items."
        )
    assert await world.steps() == []


async def test_a_phase_goes_back_with_a_reason_only(world: World) -> None:
    async with world.agent() as agent:
        assert "holds no directive. Next: Claim one first" in await agent.refused(
            "report_progress", phase="PLAN"
        )
        await agent.call("claim_work")
        await agent.call("report_progress", phase="PLAN")
        assert "going back from PLAN to LEAD needs one" in await agent.refused(
            "report_progress", phase="LEAD"
        )
        await agent.call("report_progress", phase="LEAD", reason="the goal was unclear")
    assert (await world.directive("SD-2"))[1] == "LEAD"


async def test_what_is_logged_is_in_the_log_of_the_work(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        assert await agent.call("log", message="found it", level="warning", data={"line": 7}) == {
            "line": 1
        }
        assert await agent.call("log", message="and more") == {"line": 2}
    rows = await world.rows(
        "select line, level::text, message, data from holdfast.agent_execution_logs order by line"
    )
    assert rows == [(1, "warning", "found it", {"line": 7}), (2, "info", "and more", None)]


async def test_completed_work_says_how_far_its_parent_is(world: World) -> None:
    async with world.agent() as agent:
        assert "holds no directive" in await agent.refused("complete_work", summary="nothing")
        await agent.call("claim_work")
        await agent.call("log", message="working")
        done = await agent.call("complete_work", summary="all is well")
        assert done == {
            "completed": "SD-2", "parent": "SD-1", "parent_completed": 1, "parent_total": 2,
        }  # fmt: skip
        assert (await agent.call("claim_work"))["claimed"] == "SD-3"
    assert await world.directive("SD-2") == ("completed", "LEAD", None)
    [row] = await world.rows("select status::text, result from holdfast.agent_executions")
    assert row == ("completed", {"summary": "all is well"})


async def test_an_orchestrator_is_next_when_its_children_are_over(world: World) -> None:
    async with world.agent() as agent:
        for key in ("SD-2", "SD-3", "SD-1"):
            assert (await agent.call("claim_work"))["claimed"] == key
            await agent.call("complete_work", summary="done")
        assert (await agent.call("claim_work"))["claimed"] is None


async def test_blocked_work_says_what_is_in_the_way(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        await agent.call("log", message="working")
        assert await agent.call("block_work", reason="no access") == {
            "blocked": "SD-2", "reason": "no access",
        }  # fmt: skip
        assert (await agent.call("claim_work"))["claimed"] is None
        assert "SD-2 is blocked: no access." in await agent.refused("claim_work", key="SD-2")
    rows = await world.rows("select status::text, error_message from holdfast.agent_executions")
    assert rows == [("failed", "blocked: no access")]


async def test_what_is_spawned_waits_for_a_worker_and_shows_in_the_context(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        spawned = await agent.call(
            "spawn", agent="command", name="tests", input={"command": ["true"]}
        )
        [row] = await world.rows(
            "select e.id::text, e.kind, e.input, d.sd_key, s.session_id from holdfast.agent_executions e"
            " join holdfast.directives d on d.id = e.directive_id"
            " join holdfast.claude_sessions s on s.id = e.session_id"
        )
        assert row == (spawned["execution"], "command", {"command": ["true"]}, "SD-2", "agent-1")
        [shown] = (await agent.call("get_context"))["spawned"]
        assert (shown["execution"], shown["status"]) == (spawned["execution"], "pending")


async def test_the_context_says_where_the_session_is_and_what_changed_since(world: World) -> None:
    async with world.agent() as agent:
        assert "directive" not in await agent.call("get_context")
        await agent.call("claim_work", key="SD-1")
        await world.call("move_directive", sd_key="SD-2", status="completed")
        found = await agent.call("get_context")
        assert found["directive"]["key"] == "SD-1"
        assert [child["status"] for child in found["children"]] == ["completed", "active"]
        assert found["tree"] == {"root": "SD-1", "completed": 1, "total": 2}
        assert found["session"]["id"] == "agent-1"
        changed = [one["what"] for one in found["changed"]]
        assert changed == ["directive.completed"]
        assert "changed" not in await agent.call("get_context")
