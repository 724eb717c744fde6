"""The scene that pictures and browser tests are made of."""

from __future__ import annotations

from holdfast.engine.postgres import PostgresEngine
from tests.support.scene import set_scene
from tests.support.sql import connected


async def test_a_scene_shows_every_state_that_a_person_has_to_tell_apart(
    engine: PostgresEngine,
) -> None:
    scene = await set_scene(engine.url, more_executions=20)
    executions = await engine.read("executions", scene.venture_id, None, 1000)
    assert {row["status"] for row in executions} == {
        "pending", "running", "completed", "failed", "cancelled",
    }  # fmt: skip
    assert any(row["interrupted"] for row in executions)
    sessions = await engine.read("sessions", scene.venture_id, True, 100)
    assert {row["state"] for row in sessions} >= {"running", "idle", "requires_action", "lost"}
    questions = await engine.read("questions", scene.venture_id, True, False, None)
    assert [row["plan_name"] for row in questions if row["plan_name"]] == ["Release 2.4"]
    restorations = await engine.read("restorations", scene.venture_id, scene.supervisor_id)
    assert [row["number"] for row in restorations] == [1, 2]


async def test_the_stories_of_a_scene_are_told_in_the_order_of_their_times(
    engine: PostgresEngine,
) -> None:
    scene = await set_scene(engine.url)
    async with connected(engine.url) as connection:
        rows = await connection.fetch(
            "select time from holdfast.events where venture_id = $1 order by xid, time",
            scene.venture_id,
        )
    times = [row["time"] for row in rows]
    assert len(times) > 100
    assert times == sorted(times)
