"""Progress and time remaining as they come from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast import progress
from holdfast.engine import texts
from holdfast.progress import Basis, Pace, Progress, Standing
from tests.support.sql import call, call_row, connected, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


class Reading:
    """Reads on one connection, whose clock a test sets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, query: str, /, *arguments: Any) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(texts.query(query), *arguments)
        return rows


async def default_venture(connection: Connection) -> Any:
    return (await one(connection, "select venture_id from holdfast.ventures"))[0]


async def of(connection: Connection, execution_id: Any) -> Progress:
    found = await progress.of(
        Reading(connection), await default_venture(connection), [execution_id]
    )
    return found[execution_id]


class Building:
    """An execution of a worker's, whose steps are told at given times."""

    def __init__(self, connection: Connection, row: Any) -> None:
        self.connection, self.id = connection, row["id"]
        self.fence = {"epoch": row["epoch"], "token": row["token"]}

    @classmethod
    async def begin(
        cls, connection: Connection, at: float, *, name: str = "build", **given: Any
    ) -> Building:
        await set_clock(connection, at)
        given = {"agent": "claude", "role": "maker", **given}
        await call(connection, "create_execution", name=name, kind="k", max_attempts=9, **given)
        return await cls.claim(connection, at)

    @classmethod
    async def claim(cls, connection: Connection, at: float) -> Building:
        await set_clock(connection, at)
        row = await call_row(
            connection, "claim_executions", holder="w", kinds=["k"], lease_seconds=3600
        )
        return cls(connection, row)

    async def step(self, at: float, position: int, name: str, status: str) -> None:
        await set_clock(self.connection, at)
        refused = await call(
            self.connection,
            "record_steps",
            execution_ids=[self.id],
            epochs=[self.fence["epoch"]],
            tokens=[self.fence["token"]],
            positions=[position],
            names=[name],
            statuses=[status],
        )
        assert not refused

    async def end(self, function: str, at: float, **given: Any) -> None:
        await set_clock(self.connection, at)
        await call(self.connection, function, execution_id=self.id, **self.fence, **given)

    async def finish(self, at: float) -> None:
        await self.end("finish_execution", at, status="completed")


async def build(connection: Connection, at: float, **given: Any) -> None:
    """One whole run: reading takes 10 s, writing 90 s."""
    run = await Building.begin(connection, at, total_steps=2, **given)
    await run.step(at, 1, "read", "running")
    await run.step(at + 10, 1, "read", "completed")
    await run.step(at + 10, 2, "write", "running")
    await run.step(at + 100, 2, "write", "completed")
    await run.finish(at + 100)


async def test_a_run_is_judged_by_like_runs_before_it_has_done_anything(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for number in range(4):
            await build(connection, 1000.0 * number)
        run = await Building.begin(connection, 9000, total_steps=2)

        found = await of(connection, run.id)

        assert (found.percent, found.pace, found.standing) == (0, Pace.HISTORY, Standing.WORKING)
        assert found.usual_seconds == 100
        assert found.remaining is not None
        assert 70 < found.remaining.median_seconds < 130
        assert [stage.name for stage in found.stages] == ["read", "write"]

        await run.step(9000, 1, "read", "running")
        await run.step(9010, 1, "read", "completed")
        later = await of(connection, run.id)
        assert later.percent == 10, "reading is a tenth of the work"
        assert later.pace is Pace.BOTH


@pytest.mark.parametrize("other", [{"role": "tester"}, {"agent": "codex"}, {"name": "other"}])
async def test_work_of_another_role_agent_or_name_says_nothing(
    holdfast_url: str, other: dict[str, Any]
) -> None:
    async with connected(holdfast_url) as connection:
        for number in range(3):
            await build(connection, 1000.0 * number)
        run = await Building.begin(connection, 9000, total_steps=2, **other)

        found = await of(connection, run.id)

        assert (found.remaining, found.usual_seconds, found.pace) == (None, None, None)


async def test_time_without_a_worker_is_nobodys_pace(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await Building.begin(connection, 0, total_steps=2)
        await run.step(0, 1, "read", "running")
        await run.end("release_execution", 5, reason="its worker stops", counts=False)
        await set_clock(connection, 1000)
        dead = await of(connection, run.id)
        assert (dead.standing, dead.seconds, dead.is_stalled) == (Standing.DEAD, 5, False)
        assert any("Nobody is at it" in warning for warning in dead.warnings)

        again = await Building.claim(connection, 1005)
        await again.step(1010, 1, "read", "completed")

        assert (await of(connection, run.id)).seconds == 10
        row = await one(connection, "select seconds from holdfast.v_past_steps")
        assert row[0] == 10


async def test_a_worker_that_died_is_told_from_one_that_is_slow(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for number in range(4):
            await build(connection, 1000.0 * number)
        run = await Building.begin(connection, 9000, total_steps=2)
        await run.step(9000, 1, "read", "running")

        await set_clock(connection, 9000 + 3000)
        assert (await of(connection, run.id)).standing is Standing.STALLED
        await set_clock(connection, 9000 + 3601)
        assert (await of(connection, run.id)).standing is Standing.DEAD


async def test_time_that_waits_for_a_person_is_nobodys_pace(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        row = await call_row(connection, "start_session", session_id="s", lease_seconds=80_000)
        fence = {"session_id": "s", "epoch": row["epoch"], "token": row["token"]}

        async def todos(at: float, first: str, second: str) -> Any:
            await set_clock(connection, at)
            items = [{"key": "a", "status": first}, {"key": "b", "status": second}]
            return await call_row(connection, "record_todos", **fence, items=items)

        execution_id = (await todos(0, "in_progress", "pending"))["execution_id"]
        await set_clock(connection, 10)
        await call(connection, "save_session", **fence, state="idle")
        await set_clock(connection, 5000)
        waiting = await of(connection, execution_id)
        assert (waiting.standing, waiting.seconds) == (Standing.WAITING, 10)

        await call(connection, "save_session", **fence, state="running")
        await todos(5010, "completed", "in_progress")
        await set_clock(connection, 5015)
        asked = await call_row(
            connection,
            "ask_question",
            message="?",
            session_id="s",
            epoch=fence["epoch"],
            token=fence["token"],
        )
        await set_clock(connection, 9000)
        assert (await of(connection, execution_id)).seconds == 25
        await call(connection, "answer_question", question_id=asked["id"], answer="yes")
        await todos(9005, "completed", "completed")

        found = await of(connection, execution_id)
        assert (found.seconds, found.basis) == (30, Basis.TODOS)
        rows = await connection.fetch("select seconds from holdfast.v_past_steps order by position")
        assert [one["seconds"] for one in rows] == [20, 10]


async def test_a_session_that_works_on_while_it_asks_does_not_wait(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        row = await call_row(connection, "start_session", session_id="s", lease_seconds=80_000)
        fence = {"session_id": "s", "epoch": row["epoch"], "token": row["token"]}
        items = [{"key": "a", "status": "in_progress"}, {"key": "b", "status": "pending"}]
        listed = await call_row(connection, "record_todos", **fence, items=items)
        await call(connection, "ask_question", message="?", **fence)
        await set_clock(connection, 100)
        items[0]["status"] = "completed"
        await call(connection, "record_todos", **fence, items=items)

        found = await of(connection, listed["execution_id"])

        assert (found.seconds, found.standing) == (100, Standing.WORKING)


async def test_a_session_that_came_back_was_not_slow(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        row = await call_row(connection, "start_session", session_id="s", lease_seconds=60)
        fence = {"session_id": "s", "epoch": row["epoch"], "token": row["token"]}
        items = [{"key": "a", "status": "in_progress"}]
        listed = await call_row(connection, "record_todos", **fence, items=items)
        await set_clock(connection, 30)
        await call(connection, "renew_session", **fence, lease_seconds=60)
        await set_clock(connection, 5000)
        assert (await of(connection, listed["execution_id"])).standing is Standing.DEAD

        await call(connection, "start_session", session_id="s", lease_seconds=60)

        assert (await of(connection, listed["execution_id"])).seconds == 30


async def test_an_executions_own_numbers_do_where_it_has_no_steps(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await Building.begin(connection, 0)
        assert (await of(connection, run.id)).percent is None
        await set_clock(connection, 40)
        await call(
            connection,
            "save_executions",
            execution_ids=[run.id],
            epochs=[run.fence["epoch"]],
            tokens=[run.fence["token"]],
            completed=[4],
            totals=[10],
        )

        found = await of(connection, run.id)

        assert found.percent == 40
        assert found.pace is Pace.OWN
        assert found.remaining is not None
        assert found.remaining.low_seconds < 60 < found.remaining.high_seconds


async def test_what_does_not_add_up_is_said(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        run = await Building.begin(connection, 0, total_steps=3)
        await run.step(0, 1, "read", "completed")
        await run.finish(10)

        found = await of(connection, run.id)

        assert found.percent == 100
        assert found.warnings == ("It ended with 1 of 3 steps done.",)


async def test_a_plan_is_as_long_as_its_longest_way(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for seconds in (10, 11, 9):
            for name in ("left", "right", "last"):
                run = await Building.begin(
                    connection, 0, name=name, agent="work", role=None, metadata={"what": "work"}
                )
                await run.finish(seconds)
        steps = [
            {"id": "a", "title": "left", "agent": "work"},
            {"id": "b", "title": "right", "agent": "work"},
            {"id": "c", "title": "last", "agent": "work", "needs": ["a", "b"]},
        ]
        await set_clock(connection, 100)
        plan = await call_row(connection, "create_plan", name="p", steps=steps)

        found = await progress.of_plans(
            Reading(connection), await default_venture(connection), [plan["id"]]
        )

        told = found[plan["id"]]
        assert (told.percent, told.basis, told.standing) == (0, Basis.PLAN, Standing.PENDING)
        assert told.remaining is not None
        assert 15 < told.remaining.median_seconds < 27


async def test_a_session_without_a_walk_or_a_list_is_unknown(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        row = await call_row(connection, "start_session", session_id="s")
        found = await progress.of_sessions(
            Reading(connection), await default_venture(connection), [row["id"]]
        )
        assert (found[row["id"]].percent, found[row["id"]].remaining) == (None, None)


async def test_a_page_of_executions_is_one_query_and_looks_up_little(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for number in range(3):
            await build(connection, 1000.0 * number)
        await connection.execute("set enable_seqscan = off")
        plan = await connection.fetch(
            "explain (analyze, format text) " + texts.query("execution_progress"),
            await default_venture(connection),
            [(await one(connection, "select id from holdfast.agent_executions limit 1"))[0]],
        )
        text = "\n".join(row[0] for row in plan)
        assert "agent_executions_like" in text
        assert "execution_steps_like" in text
