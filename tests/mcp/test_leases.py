"""Under whose lease a tool works, and what it says when that is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.desk import World
from tests.support.mcp import plain_environment
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import children_of, wait_until


async def _cli(world: World, *arguments: str) -> Any:
    """A command of the same project."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "holdfast", *arguments, "--json",
        cwd=world.folder, stdout=subprocess.PIPE,
        env={**plain_environment(), "HOLDFAST_DATABASE_URL": world.url},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)


async def _run_out(world: World, table: str) -> None:
    """Let the leases of a table end now."""
    await world.rows(
        f"update holdfast.{table} set lease_expires_at = holdfast.now() - interval '1 second'"
        " where lease_expires_at is not null"
    )


async def _session(world: World) -> tuple[Any, ...]:
    [row] = await world.rows(
        "select session_id, state::text, lease_epoch from holdfast.claude_sessions where session_id <> 'other'"
    )
    return row


async def test_a_session_that_a_command_started_is_used_and_not_ended(world: World) -> None:
    await _cli(world, "session", "start", "--id", "agent-1")
    async with world.agent() as agent:
        await agent.call("claim_work")
        assert await _session(world) == ("agent-1", "running", 1)
    assert await _session(world) == ("agent-1", "running", 1)
    assert await world.directive("SD-2") == ("active", "LEAD", "agent-1")
    released = await _cli(world, "session", "release")  # the command knows the claim of the tool
    assert released["released"] == "SD-2"


async def test_the_servers_own_session_is_given_up_for_whoever_resumes_it(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        assert await _session(world) == ("agent-1", "running", 1)
    assert await _session(world) == ("agent-1", "lost", 1)
    assert (await world.directive("SD-2"))[2] is None
    async with world.agent() as agent:
        assert (await agent.call("get_context"))["session"]["id"] == "agent-1"
        assert await _session(world) == ("agent-1", "running", 2)


async def test_a_session_that_nobody_has_named_ends_with_its_server(world: World) -> None:
    async with world.agent(session=None) as agent:
        await agent.call("claim_work")
    _, state, _ = await _session(world)
    assert state == "ended"


async def test_a_signal_ends_the_server_in_order(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        [server] = [pid for pid in children_of(os.getpid()) if _is_server(pid)]
        os.kill(server, signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: not _is_server(server), "the server's end")
        assert await _session(world) == ("agent-1", "lost", 1)


async def test_what_a_killed_server_had_begun_the_next_one_goes_on_with(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        [server] = [pid for pid in children_of(os.getpid()) if _is_server(pid)]
        os.kill(server, signal.SIGKILL)
        await asyncio.to_thread(wait_until, lambda: not _is_server(server), "the server's end")
    async with world.agent() as agent:
        assert (await agent.call("claim_work"))["how"] == "held already"
        assert await _session(world) == ("agent-1", "running", 1)


async def test_two_servers_of_one_session_do_not_share_it(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        async with world.agent() as twin:
            said = await twin.refused("claim_work")
            assert said.startswith("The session agent-1 is running under a lease of ")
            assert "Two runs of one session would overwrite each other" in said
        await agent.call("complete_work", summary="done")


async def test_every_tool_says_who_has_the_directive_that_was_lost(world: World) -> None:
    async with world.agent() as agent:
        for tool, arguments in (
            ("complete_work", {"summary": "done"}),
            ("block_work", {"reason": "no access"}),
            ("report_progress", {"activity": "on it"}),
            ("log", {"message": "found it"}),
        ):
            await agent.call("claim_work", key="SD-2")
            other = await world.session(f"other {tool}")
            await world.call(
                "claim_directive", **other, sd_key="SD-2", take_over_reason="a person wants it"
            )
            said = await agent.refused(tool, **arguments)
            assert said.startswith(f"SD-2 was lost: other {tool} holds it since "), said
            assert said.endswith("Next: Stop that work; claim what you go on with by claim_work.")
            await world.call("end_session", **other)
    assert await world.directive("SD-2") == ("active", "LEAD", None)


async def test_a_claim_says_what_was_lost_meanwhile(world: World) -> None:
    await world.call("add_directive", sd_key="SD-9", title="other", status="active")
    async with world.agent() as agent:
        await agent.call("claim_work", key="SD-2")
        other = await world.session("other")
        await world.call("claim_directive", **other, sd_key="SD-2", take_over_reason="needed")
        claimed = await agent.call("claim_work", key="SD-9")
        assert claimed["lost"].startswith("SD-2 was lost: other holds it since ")


async def test_a_lease_of_somebody_else_that_was_lost_is_told_by_every_tool(world: World) -> None:
    await _cli(world, "session", "start", "--id", "agent-1")
    async with world.agent() as agent:
        await agent.call("claim_work")
        await _run_out(world, "claude_sessions")
        for tool, arguments in (
            ("get_context", {}), ("claim_work", {}), ("log", {"message": "x"}),
            ("report_progress", {"activity": "x"}), ("ask_human", {"question": "?", "wait_seconds": 0}),
            ("check_answers", {}), ("complete_work", {"summary": "x"}),
            ("block_work", {"reason": "x"}), ("spawn", {"agent": "command"}),
        ):  # fmt: skip
            said = await agent.refused(tool, **arguments)
            assert said.startswith("The lease on session agent-1 ran out at "), (tool, said)
    assert await world.directive("SD-2") == ("active", "LEAD", "agent-1")


async def test_a_session_of_its_own_whose_lease_ran_out_begins_again(world: World) -> None:
    async with world.agent() as agent:
        await agent.call("claim_work")
        await _run_out(world, "claude_sessions")
        await _run_out(world, "directive_claims")
        said = await agent.refused("complete_work", summary="done")
        assert said.startswith("SD-2 was lost: its lease ran out at ")
        claimed = await agent.call("claim_work")
        assert (claimed["claimed"], claimed["how"]) == ("SD-2", "again")
        assert await _session(world) == ("agent-1", "running", 2)


async def test_the_servers_own_session_is_kept_alive_without_calls(world: World) -> None:
    async with world.agent(HOLDFAST_LEASE_SECONDS="1") as agent:
        await agent.call("claim_work")
        [(first,)] = await world.rows("select heartbeat_at from holdfast.claude_sessions")

        async def beaten() -> bool:
            [(now,)] = await world.rows("select heartbeat_at from holdfast.claude_sessions")
            return bool((now - first).total_seconds() > 2)

        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await beaten():
                await asyncio.sleep(0.05)
        assert await _session(world) == ("agent-1", "running", 1)
        assert (await agent.call("claim_work"))["how"] == "held already"


def _is_server(pid: int) -> bool:
    try:
        return b"\0mcp\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
