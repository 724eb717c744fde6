"""What others see of a walk: events, the older interface, summaries."""

from __future__ import annotations

from tests.support.sql import call, call_row, connected, one, set_clock
from tests.support.walking import add_tree, walking


async def test_each_decision_is_an_event_of_the_session(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await mine.advance("completed")
        await mine.advance("completed")
        told = [(e["decision"], e.get("finished"), e.get("sd_key") or e.get("reason")) for e in await mine.events("session.advanced")]  # fmt: skip
        assert told == [
            ("continue", None, "SD-A"),
            ("continue", "SD-A", "SD-O"),
            ("pause", "SD-O", "orchestrator_done"),
        ]


async def test_the_older_interface_says_where_the_walk_is(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B", "SD-C")
        await mine.advance("completed")
        row = await one(connection, "select * from holdfast.v_active_auto_proceed_sessions")
        assert (row["active_sd_key"], row["parent_orchestrator_key"]) == ("SD-B", "SD-O")
        assert (row["completed_children"], row["total_children"]) == (1, 3)
        assert (row["current_phase"], float(row["progress_percentage"])) == ("LEAD", 33.3)
        session = await one(connection, "select metadata from holdfast.claude_sessions")
        state = session["metadata"]["execution_state"]
        assert (state["currentSd"], state["currentPhase"], state["isActive"]) == ("SD-B", "LEAD", True)  # fmt: skip
        for _ in range(3):
            await mine.advance("completed")
        assert not await connection.fetch("select from holdfast.v_active_auto_proceed_sessions")


async def test_what_is_finished_outside_the_walk_shows_in_its_progress_at_once(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        claim = {"epoch": mine.told["epoch"], "token": mine.told["token"]}
        await call(connection, "move_directive_phase", sd_key="SD-A", phase="PLAN", **claim)
        await call(connection, "move_directive", sd_key="SD-B", status="completed")
        row = await call_row(connection, "get_active_auto_proceed_session", session_id="s")
        assert (row["current_phase"], row["completed_children"], row["total_children"]) == ("PLAN", 1, 2)  # fmt: skip
        row = await one(connection, "select * from holdfast.v_active_auto_proceed_sessions")
        assert float(row["progress_percentage"]) == 50


async def test_a_summary_closes_the_walk(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        mine = await walking(connection, "SD-A", "SD-B", "SD-C")
        await set_clock(connection, 60)
        await mine.advance("failed", reason="flaky")
        await set_clock(connection, 90)
        await mine.advance("completed")
        await mine.advance("blocked", reason="no access")
        await call(connection, "end_session", session_id="s", **mine.fence)

        [summary] = await mine.events("auto_proceed.summary")
        items = [(i["sd_key"], i["outcome"], i["failures"], i["seconds"]) for i in summary["items"]]
        assert items == [
            ("SD-A", "completed", 1, 90),
            ("SD-B", "blocked", 0, 0),
            ("SD-C", "left", 0, 0),
        ]
        assert summary["problems"] == [
            "SD-A: failed once",
            "SD-B: blocked: no access",
            "SD-C: left before it was finished",
        ]
        assert (summary["completed"], summary["handed_out"], summary["seconds"]) == (1, 3, 90)
        assert (await mine.summary())["items"] == summary["items"]


async def test_a_pause_tells_the_summary_once(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await mine.advance("blocked", reason="no access")
        for _ in range(3):
            await mine.advance()
        assert len(await mine.events("auto_proceed.summary")) == 1


async def test_an_orchestrators_other_walk_is_closed_before_the_next(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await add_tree(connection, "SD-2", "SD-2A")
        await call(connection, "release_directive", sd_key="SD-A", epoch=mine.told["epoch"], token=mine.told["token"])  # fmt: skip
        await mine.start("SD-2")
        assert await mine.walked() == ("continue", "SD-2A")
        [summary] = await mine.events("auto_proceed.summary")
        assert (summary["orchestrator"], summary["problems"]) == ("SD-O", ["SD-A: left before it was finished"])  # fmt: skip
