"""Work with a verification is completed by the tool only when that has passed."""

from __future__ import annotations

from tests.support.desk import World


async def _with_verification(world: World, command: str) -> None:
    await world.call(
        "add_directive", sd_key="SD-V", title="verified", status="active", verification=command
    )


async def test_a_verification_that_fails_leaves_the_work_open_and_shows_its_end(
    world: World,
) -> None:
    await _with_verification(world, "echo line one; echo line two; exit 3")
    async with world.agent() as agent:
        await agent.call("claim_work", key="SD-V")
        said = await agent.refused("complete_work", summary="done")
        assert said.startswith("SD-V stays yours: its verification did not pass.")
        assert said.endswith("Its output ends with:\nline one\nline two")
        assert await world.directive("SD-V") == ("active", "LEAD", "agent-1")


async def test_a_verification_that_passes_is_the_evidence(world: World) -> None:
    await _with_verification(world, "echo run >> runs; echo fine")
    async with world.agent() as agent:
        await agent.call("claim_work", key="SD-V")
        done = await agent.call("complete_work", "toolu_1", summary="done")
        assert done == {"completed": "SD-V"}
        again = await agent.call("complete_work", "toolu_1", summary="done")
        assert again == done
    assert (world.folder / "runs").read_text() == "run\n"  # a repeated call runs nothing
    rows = await world.rows(
        "select command, exit_code, output_tail from holdfast.directive_evidence"
    )
    assert rows == [("echo run >> runs; echo fine", 0, "fine\n")]
